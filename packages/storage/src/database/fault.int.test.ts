import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { createDatabase } from "../database.ts";
import type { Database, DatabaseOptions } from "../database.ts";
import { patient } from "../testing/patient.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import type { TcpProxy } from "../testing/tcp-proxy.ts";
import { startTestServer } from "../testing/test-server.ts";
import type { TestServer } from "../testing/test-server.ts";

let server: TestServer;
let proxy: TcpProxy;
let database: Database;
beforeAll(async () => {
  server = await startTestServer();
  proxy = await startTcpProxy({ port: server.port });
});
beforeEach(async () => {
  proxy.heal();
  database = open();
  return () => database.close({ graceMs: 0 });
});
afterAll(async () => {
  await proxy.close();
  await server.remove();
});

const one = { name: "one", text: "select 1 as one" };

function open(options: Partial<DatabaseOptions> = {}): Database {
  return createDatabase({ ...patient, url: proxy.through(server.url), poolMax: 4, ...options });
}

/** Opens every connection of the pool: nobody leaves before all are in. */
async function fillPool(): Promise<void> {
  const { promise: allIn, resolve } = Promise.withResolvers<void>();
  let inside = 0;
  const enter = async () => {
    if (++inside === 4) resolve();
    await allIn;
  };
  await Promise.all(Array.from({ length: 4 }, () => database.withTransaction(enter)));
  expect(database.stats()).toMatchObject({ open: 4, inUse: 0 });
}

test("a silent network is answered within the deadline, and costs no second deadline once it is back", async () => {
  await fillPool();
  proxy.blackHole();
  const startMs = performance.now();
  await expect(database.query(one, [], { timeoutMs: 300 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(performance.now() - startMs).toBeLessThan(patient.statementTimeoutMs / 2);

  // The other connections look alive and are not: each is asked before it is trusted.
  proxy.cut();
  proxy.heal();
  expect(await database.query(one)).toEqual([{ one: 1 }]);
});

test("connections that a silent network has swallowed are found out before a statement is sent on them", async () => {
  await fillPool();
  proxy.blackHole();
  await expect(database.query(one, [], { timeoutMs: 200 })).rejects.toMatchObject({
    extensions: { outcome: "unknown" },
  });
  await expect(database.query(one, [], { timeoutMs: 200 })).rejects.toMatchObject({ extensions: {} });
  expect(database.stats().open).toBeLessThan(4);
});

test("a server that takes the connection and says nothing is given up, and those who waited are told", async () => {
  const hasty = open({ connectTimeoutMs: 500 });
  proxy.blackHole();
  await expect(hasty.query(one)).rejects.toMatchObject({ code: "UNAVAILABLE", cause: expect.any(Error) });
  await expect.poll(() => hasty.stats().open).toBe(0);
  proxy.heal();
  await expect.poll(() => hasty.query(one).catch(String)).toEqual([{ one: 1 }]);
  await hasty.close();
});

test("a reset connection fails its statement only", async () => {
  await fillPool();
  const running = database.query({ name: "sleep", text: "select pg_sleep(30)" }).catch((error: unknown) => error);
  await expect.poll(() => database.stats().inUse).toBe(1);
  proxy.reset();
  expect(await running).toMatchObject({ code: "UNAVAILABLE", extensions: { outcome: "unknown" } });
  expect(await database.query(one)).toEqual([{ one: 1 }]);
});

test("a slow network is no fault", async () => {
  proxy.delay(30);
  expect(await database.query(one)).toEqual([{ one: 1 }]);
});

test.each(["fast", "immediate"] as const)("a server that restarts (%s) is found again without help", async (mode) => {
  await fillPool();
  await server.restart({ mode });
  await expect.poll(() => database.query(one).catch(String)).toEqual([{ one: 1 }]);
});

test("a server killed under load and started again loses nothing that was committed", async () => {
  await database.query({ name: "create", text: "create table kept (id int primary key)" });
  const committed: number[] = [];
  const load = (async () => {
    for (let id = 0; ; id++) {
      await database.query({ name: "insert", text: "insert into kept values ($1::int)" }, [id]);
      committed.push(id);
    }
  })().catch(() => {});
  await expect.poll(() => committed.length).toBeGreaterThan(20);
  await server.kill();
  await load;
  await expect(database.ping()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await server.start();
  const rows = await database.query<{ id: number }>({ name: "kept", text: "select id from kept" });
  const kept = new Set(rows.map(({ id }) => id));
  expect(committed.filter((id) => !kept.has(id))).toEqual([]);
});
