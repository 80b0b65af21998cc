import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";

import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { type RunOptions, runToEnd } from "./testing/run-process.ts";
import { startDev } from "./testing/start-dev.ts";

// Each test starts processes, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let cwd = "";
let db: TestDatabase;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "millrace-dev-url-"));
  db = await testDatabase({ migrate: false });
});

afterAll(async () => {
  await db.close();
  await rm(cwd, { recursive: true });
});

async function start(args: readonly string[], options: RunOptions = {}) {
  const dev = await startDev(args, { cwd, ...options });
  onTestFinished(async () => {
    dev.kill("SIGKILL");
    await dev.exited;
  });
  return dev;
}

const health = (url: string) => ({ type: "http.request", payload: { url: `${url}/v1/health` } });

describe("millrace dev on a database that is there", () => {
  test("migrates and uses it, and makes no folder where nothing is to be kept", async () => {
    const dev = await start(["--database-url", db.url, "--api-key", "k"]);
    const { id } = await dev.client.jobs.enqueue(health(dev.url));
    expect(await dev.client.jobs.wait(id)).toMatchObject({ status: "completed" });
    expect(dev.output()).toContain("Data is in the database of --database-url.");
    expect(await dev.stop()).toBe(0);
    expect(await readdir(cwd)).toEqual([]);
    expect(dev.output()).not.toContain(new URL(db.url).password || db.url);
  });

  test("finds it by its variable too, and keeps only its key in the folder", async () => {
    const dev = await start([], { env: { MILLRACE_DATABASE_URL: db.url } });
    expect((await dev.client.jobs.list()).items).toHaveLength(1);
    expect(await dev.stop()).toBe(0);
    expect(await readdir(join(cwd, ".millrace"))).not.toContain("postgres");
  });

  test("accepts keys that `millrace keys create` has made there, each for its own tenant", async () => {
    const args = ["--name", "first", "--tenant", "acme", "--scopes", "jobs:read,jobs:write"];
    const made = await runToEnd(["keys", "create", ...args, "--database-url", db.url], { cwd });
    expect(made).toMatchObject({ code: 0 });
    expect(made.output).toMatch(/^mr_dev_\w{54}\n$/);
    expect(made.errors).toMatch(/^Made the key \S+ for the tenant acme; it is shown this once\.\n$/);
    const dev = await start(["--database-url", db.url, "--no-worker"]);
    const list = await fetch(`${dev.url}/v1/jobs`, { headers: { "X-API-Key": made.output.trim() } });
    expect(list.status).toBe(200);
    expect(await list.json()).toEqual({ items: [], nextCursor: null });
    expect(await dev.stop()).toBe(0);
  });

  test.each([
    [["--scopes", "jobs:raed"], /scopes\.0/],
    [["--tenant", "Not A Tenant"], /tenant/],
  ])("`millrace keys create` refuses %j with what was expected", async (args, message) => {
    const { code, output, errors } = await runToEnd(
      ["keys", "create", "--name", "x", ...args, "--database-url", db.url],
      { cwd },
    );
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(message);
    expect(errors.split("\n")).toHaveLength(2);
  });

  test("`millrace migrate` asks the same database", async () => {
    const env = { MILLRACE_DATABASE_URL: db.url };
    expect(await runToEnd(["migrate", "status", "--check"], { cwd, env })).toMatchObject({ code: 0, errors: "" });
    expect(await runToEnd(["migrate", "stauts"], { cwd, env })).toMatchObject({ code: 1, output: "" });
  });

  test("does not reset what isn't in the folder", async () => {
    const { code, errors } = await runToEnd(["dev", "--port", "0", "--reset", "--database-url", db.url], { cwd });
    expect(code).toBe(1);
    expect(errors).toMatch(/^millrace: --reset empties the data folder, but .*--database-url\. .*\n$/);
  });

  test("says in a sentence that nobody answers there", async () => {
    const url = "postgres://millrace:hush-hush@127.0.0.1:1/millrace";
    const { code, output, errors } = await runToEnd(["dev", "--port", "0", "--database-url", url], { cwd });
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(/^millrace: The database can't be reached: .*--database-url\.\n$/);
    expect(errors).not.toContain("hush-hush");
  });

  test("says in a sentence that the schema is newer than this build, and leaves it alone", async () => {
    const rows = { name: "count", text: "select count(*)::int as rows from millrace.schema_migrations" };
    const before = await db.database.query(rows);
    await db.database.query({
      name: "pretend",
      text: 'insert into millrace.schema_migrations select (jsonb_populate_record(m, \'{"version": 9999, "name": "future"}\')).* from millrace.schema_migrations m limit 1',
    });
    const { code, output, errors } = await runToEnd(["dev", "--port", "0", "--database-url", db.url], { cwd });
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(/^millrace: .*9999_future, which this build does not know.*\n$/);
    await db.database.query({ name: "undo", text: "delete from millrace.schema_migrations where version = 9999" });
    expect(await db.database.query(rows)).toEqual(before);
  });
});
