import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { createDatabase } from "../database.ts";
import type { Database, DatabaseOptions } from "../database.ts";
import { patient } from "../testing/patient.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import type { TcpProxy } from "../testing/tcp-proxy.ts";
import { testDatabase } from "../testing/test-database.ts";
import type { TestDatabase } from "../testing/test-database.ts";

let db: TestDatabase;
let proxy: TcpProxy;
let database: Database;
let failures: unknown[];
beforeAll(async () => {
  db = await testDatabase({ migrate: false });
  proxy = await startTcpProxy({ port: Number(new URL(db.url).port) });
});
beforeEach(() => {
  proxy.heal();
  proxy.cut();
  failures = [];
  database = open();
});
afterEach(() => database.close({ graceMs: 0 }));
afterAll(async () => {
  await proxy.close();
  await db.close();
});

function open(options: Partial<DatabaseOptions> = {}): Database {
  return createDatabase({
    ...patient,
    url: db.url,
    directUrl: proxy.through(db.url),
    heartbeatMs: 50,
    applicationName: "listener",
    observer: { listenerFailed: (error) => failures.push(error) },
    ...options,
  });
}

function notify(channel: string, payload: string): Promise<unknown> {
  return database.query({ name: "notify", text: "select pg_notify($1, $2)" }, [channel, payload]);
}

function listeners(): Promise<readonly unknown[]> {
  const text =
    "select pid from pg_stat_activity where application_name = 'listener' and query ilike any(array['listen%', 'select 1'])";
  return db.database.query({ name: "listeners", text });
}

test("each subscriber hears its own channel, on one connection for all", async () => {
  const heard: string[] = [];
  await database.listen("one", (payload) => heard.push(`one ${payload}`));
  await database.listen('odd "name"', (payload) => heard.push(`odd ${payload}`));
  await database.listen("one", (payload) => heard.push(`one again ${payload}`));
  await notify('odd "name"', "");
  await notify("one", "ö");
  await expect.poll(() => heard).toEqual(["odd ", "one ö", "one again ö"]);
  // Those of the test before may still be closing.
  await expect.poll(() => proxy.connections()).toBe(1);
});

test("a killed connection is rebuilt, and its subscribers are told both times", async () => {
  const states: boolean[] = [];
  const heard: string[] = [];
  await database.listen(
    "news",
    (payload) => heard.push(payload),
    (connected) => states.push(connected),
  );
  expect(states).toEqual([true]);
  for (const row of (await listeners()) as { pid: number }[]) {
    await db.database.query({ name: "kill", text: "select pg_terminate_backend($1::int)" }, [row.pid]);
  }
  await expect.poll(() => states).toEqual([true, false, true]);
  await notify("news", "after");
  await expect.poll(() => heard).toEqual(["after"]);
});

test("a connection that a silent network has swallowed is found out and rebuilt", { timeout: 120_000 }, async () => {
  const hasty = open({ connectTimeoutMs: 500 });
  const states: boolean[] = [];
  const heard: string[] = [];
  await hasty.listen(
    "news",
    (payload) => heard.push(payload),
    (connected) => states.push(connected),
  );
  await expect.poll(() => states).toEqual([true]);
  proxy.blackHole();
  await expect.poll(() => states, { timeout: 40_000 }).toEqual([true, false]);
  proxy.heal();
  await expect.poll(() => states, { timeout: 40_000 }).toEqual([true, false, true]);
  await notify("news", "after");
  await expect.poll(() => heard).toEqual(["after"]);
  await hasty.close({ graceMs: 0 });
});

test("listening does not fail while there is no server, and begins when there is", async () => {
  const hasty = open({ connectTimeoutMs: 500 });
  proxy.blackHole();
  const states: boolean[] = [];
  await hasty.listen(
    "news",
    () => {},
    (connected) => states.push(connected),
  );
  await hasty.listen(
    "later",
    () => {},
    (connected) => states.push(connected),
  );
  expect(states).toEqual([]);
  proxy.heal();
  await expect.poll(() => states).toEqual([true, true]);
  await hasty.close({ graceMs: 0 });
});

test("a subscriber that throws disturbs nobody and is reported", async () => {
  const heard: string[] = [];
  const failure = new Error("the caller's own");
  await database.listen("news", () => {
    throw failure;
  });
  await database.listen("news", (payload) => heard.push(payload));
  await notify("news", "x");
  await expect.poll(() => heard).toEqual(["x"]);
  expect(failures).toEqual([failure]);
});

test("a closed subscription hears nothing more, and the last one takes the connection along", async () => {
  const heard: string[] = [];
  const first = await database.listen("news", (payload) => heard.push(`first ${payload}`));
  const second = await database.listen("news", (payload) => heard.push(`second ${payload}`));
  await first.close();
  await first.close();
  await notify("news", "x");
  await expect.poll(() => heard).toEqual(["second x"]);
  await second.close();
  await expect.poll(() => proxy.connections()).toBe(0);
  await database.listen("news", (payload) => heard.push(`third ${payload}`));
  await notify("news", "y");
  await expect.poll(() => heard).toEqual(["second x", "third y"]);
});
