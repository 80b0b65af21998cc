import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { connectDirectly } from "../database.ts";
import { cloneDatabase, sweepDatabases } from "./clone-database.ts";
import { setup, teardown } from "./global-setup.ts";
import { startContainer } from "./start-container.ts";
import { startPostgres } from "./start-postgres.ts";
import { testDatabase } from "./test-database.ts";
import { startTestServer } from "./test-server.ts";
import type { TestServer } from "./test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.remove());

async function databases(pattern: string): Promise<readonly string[]> {
  const session = await connectDirectly({ url: server.url });
  const rows = await session.query<{ name: string }>(
    { name: "databases", text: "select datname as name from pg_database where datname like $1 order by 1" },
    [pattern],
  );
  await session.close();
  return rows.map(({ name }) => name);
}

async function execute(text: string): Promise<void> {
  const session = await connectDirectly({ url: server.url });
  await session.exec(text);
  await session.close();
}

describe("testDatabase", () => {
  test("gives each caller a migrated database of its own, and drops it at the end", async () => {
    await using first = await testDatabase();
    const second = await testDatabase();
    const jobs = { name: "jobs", text: "select count(*) from millrace.jobs" };
    expect(await first.database.query(jobs)).toEqual([{ count: 0 }]);
    await first.database.query({ name: "mark", text: "create table mark ()" });
    const marked = { name: "marked", text: "select to_regclass('mark')::text as mark" };
    expect(await second.database.query(marked)).toEqual([{ mark: null }]);
    await second.close();
    await expect(connectDirectly({ url: second.url })).rejects.toMatchObject({ cause: { code: "3D000" } });
  });

  test("starts a server for this process where no global set-up has", async () => {
    vi.stubEnv("TEST_SHARED_SERVER_URL", undefined);
    vi.stubEnv("TEST_DATABASE_URL", server.url);
    await using db = await testDatabase({ migrate: false });
    expect(new URL(db.url).port).toBe(String(server.port));
    vi.unstubAllEnvs();
  });
});

describe("cloneDatabase", () => {
  test("makes the template once, whoever asks at the same time", async () => {
    const clones = await Promise.all(Array.from({ length: 4 }, () => cloneDatabase(server.url)));
    expect(await databases("millrace_template_%")).toHaveLength(1);
    await Promise.all(clones.map((clone) => clone.drop()));
    expect(await databases("millrace_test_%")).toEqual([]);
  });

  test("waits for a session that is still leaving the template", async () => {
    const [template = ""] = await databases("millrace_template_%");
    const url = new URL(server.url);
    url.pathname = `/${template}`;
    const lingering = await connectDirectly({ url: url.href });
    const cloning = cloneDatabase(server.url);
    await lingering.close();
    const clone = await cloning;
    const session = await connectDirectly({ url: clone.url });
    await session.close();
    await clone.drop();
    await expect(connectDirectly({ url: clone.url })).rejects.toMatchObject({ cause: { code: "3D000" } });
  });
});

describe("sweepDatabases", () => {
  test("drops what dead runs left and spares what living ones use", async () => {
    const origin = (changes: object): string =>
      JSON.stringify({ host: hostname(), pid: process.pid, atMs: Date.now(), ...changes });
    const left = {
      millrace_test_alive: origin({}),
      millrace_test_dead: origin({ pid: 2 ** 22 + 1 }),
      millrace_test_elsewhere: origin({ host: "elsewhere", pid: 1 }),
      millrace_test_elsewhere_old: origin({ host: "elsewhere", pid: 1, atMs: 0 }),
      millrace_test_of_run: origin({ run: "this run" }),
    };
    for (const [name, comment] of Object.entries(left)) {
      await execute(`create database ${name}`);
      await execute(`comment on database ${name} is '${comment}'`);
    }
    await execute("create database millrace_test_unknown");
    await sweepDatabases(server.url, "this run");
    const spared = ["millrace_test_alive", "millrace_test_elsewhere", "millrace_test_unknown"];
    expect(await databases("millrace_test_%")).toEqual(spared);
    for (const name of spared) await execute(`drop database ${name}`);
  });
});

describe("the global set-up", () => {
  test("shares one server among all projects of a run and cleans up after the last", async () => {
    vi.stubEnv("TEST_DATABASE_URL", server.url);
    vi.stubEnv("TEST_SHARED_SERVER_URL", undefined);
    vi.stubEnv("TEST_SHARED_SERVER_RUN", undefined);
    await setup();
    await setup();
    const run = process.env["TEST_SHARED_SERVER_RUN"];
    expect(process.env["TEST_SHARED_SERVER_URL"]).toBe(server.url);
    await testDatabase({ migrate: false });
    await teardown();
    expect(process.env["TEST_SHARED_SERVER_RUN"]).toBe(run);
    await teardown();
    expect(process.env["TEST_SHARED_SERVER_URL"]).toBeUndefined();
    expect(await databases("millrace_test_%")).toEqual([]);
    await teardown();
    vi.unstubAllEnvs();
  });
});

describe("startPostgres", () => {
  test("takes the server it is given", async () => {
    vi.stubEnv("TEST_DATABASE_URL", "postgres://given");
    const given = await startPostgres();
    expect(given).toMatchObject({ url: "postgres://given", source: "url" });
    await given.stop();
    vi.unstubAllEnvs();
  });

  test("starts the embedded one where no container engine answers", async () => {
    vi.stubEnv("TEST_DATABASE_URL", undefined);
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:1");
    const own = await startPostgres();
    expect(own.source).toBe("embedded");
    await own.stop();
    await expect(connectDirectly({ url: own.url })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    vi.unstubAllEnvs();
  }, 180_000);
});

describe("startContainer", () => {
  test("does without an engine that does not answer as one, or not at all", async () => {
    const engine = createServer((request, response) => {
      response.statusCode = request.url === "/_ping" ? 503 : 404;
      response.end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => engine.once("listening", resolve));
    const { port } = engine.address() as AddressInfo;
    expect(await startContainer({ image: undefined, dockerHost: `tcp://127.0.0.1:${port}` })).toBeUndefined();
    engine.close();
    expect(await startContainer({ image: undefined, dockerHost: "unix:///no/such/socket" })).toBeUndefined();
  });
});

describe("a test server", () => {
  test("is gone, folder and all, when its process has ended without a word", async () => {
    const program = `
      import { startTestServer } from ${JSON.stringify(new URL("./test-server.ts", import.meta.url).href)};
      const server = await startTestServer();
      console.log(JSON.stringify({ pid: server.pid, folders: process.pid }));
    `;
    const args = ["--conditions=@millrace/source", "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const child = JSON.parse(stdout) as { pid: number; folders: number };
    const { readdir } = await import("node:fs/promises");
    const { tmpdir } = await import("node:os");
    expect((await readdir(tmpdir())).filter((name) => name.startsWith(`millrace-test-${child.folders}-`))).toEqual([]);
  }, 180_000);
});
