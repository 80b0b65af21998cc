import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { expect, onTestFinished, test } from "vitest";

import { requiredVersion } from "@millrace/storage/migrate";
import { patientEnv, testDatabase, type TestDatabase } from "@millrace/storage/testing";

import { runMigrator } from "./run-migrator.ts";

const lockKey = "7883951835720016741";
const latest = requiredVersion();
const all = Array.from({ length: latest }, (_, index) => index + 1);

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function emptyDatabase(): Promise<TestDatabase> {
  const empty = await testDatabase({ migrate: false });
  onTestFinished(() => empty.close());
  return empty;
}

async function run(url: string, ...argv: string[]): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  const env = { MILLRACE_DATABASE_URL: url, MILLRACE_PROFILE: "test", MILLRACE_LOGGING_LEVEL: "info", ...patientEnv };
  const code = await runMigrator(argv, env, {
    stdout: { write: (chunk) => (stdout += chunk) },
    stderr: { write: (chunk) => (stderr += chunk) },
  });
  return { code, stdout, stderr };
}

function logLines(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("without a command it migrates, tells each migration and exits with 0", async () => {
  const { url } = await emptyDatabase();
  const { code, stdout, stderr } = await run(url);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = logLines(stdout);
  expect(lines.slice(0, -1).map(({ msg, version }) => ({ msg, version }))).toEqual(
    all.map((version) => ({ msg: "applied", version })),
  );
  expect(lines.at(-1)).toMatchObject({ service: "migrator", msg: "the database is migrated", migrations: all });
});

test("a second run has nothing to do and exits with 0", async () => {
  const { url } = await testDatabaseOfThisTest();
  const { code, stdout } = await run(url, "up");
  expect(code).toBe(0);
  expect(logLines(stdout)).toMatchObject([{ msg: "the database is up to date", count: 0 }]);
});

test("status --check exits with 2 while something is pending and with 0 after", async () => {
  const { url } = await emptyDatabase();
  expect((await run(url, "status")).code).toBe(0);
  const before = await run(url, "status", "--check");
  expect(before.code).toBe(2);
  expect(before.stdout).toMatch(/^version +name +state +started +took +by\n0001 +jobs +pending +- +- +-\n/);
  await run(url, "up");
  const after = await run(url, "status", "--check", "--json");
  expect(after.code).toBe(0);
  expect(JSON.parse(after.stdout)).toMatchObject({
    pending: [],
    problems: [],
    migrations: all.map((version) => ({ version })),
  });
});

test("up --to stops there", async () => {
  const { url } = await emptyDatabase();
  expect((await run(url, "up", "--to", "1")).code).toBe(0);
  const { stdout } = await run(url, "status", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ pending: all.slice(1) });
});

test("plan prints SQL and runs none of it", async () => {
  const { url } = await emptyDatabase();
  const planned = await run(url, "plan");
  expect(planned).toMatchObject({ code: 0, stderr: "" });
  expect(planned.stdout).toContain("-- 0001_jobs.up.sql, transaction\nbegin;\n");
  expect((await run(url, "status", "--check")).code).toBe(2);
  await run(url, "up");
  expect(await run(url, "plan")).toEqual({ code: 0, stdout: "-- nothing is pending\n", stderr: "" });
});

test("down refuses to lose data with 1 and a sentence that names the flag, and does it once it is told to", async () => {
  const { url } = await testDatabaseOfThisTest();
  const refused = await run(url, "down", "--to", "0");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /^millrace-migrator: Undoing \d{4}_\w+ loses data: .+\. Agree to that with --allow-data-loss\.\n$/,
  );
  const done = await run(url, "down", "--to", "0", "--allow-data-loss");
  expect(done).toMatchObject({ code: 0, stderr: "" });
  expect(logLines(done.stdout).at(-1)).toMatchObject({ migrations: all.toReversed(), direction: "down" });
});

test("an edited migration is drift: 3 from up, status --check and verify", async () => {
  const { url, database } = await testDatabaseOfThisTest();
  const connection = await database.connect();
  await connection.exec("update millrace.schema_migrations set up_checksum = 'edited' where version = 1");
  await connection.close();
  const sentence = "0001_jobs.up.sql was edited after it was applied.\n";
  expect(await run(url, "up")).toEqual({ code: 3, stdout: "", stderr: `millrace-migrator: ${sentence}` });
  expect((await run(url, "status", "--check")).code).toBe(3);
  expect(await run(url, "verify")).toEqual({ code: 3, stdout: sentence, stderr: "" });
});

test("verify finds a table that no migration made, and says nothing is wrong before", async () => {
  const { url, database } = await testDatabaseOfThisTest();
  expect(await run(url, "verify")).toEqual({
    code: 0,
    stdout: "The database is what its migrations made.\n",
    stderr: "",
  });
  const connection = await database.connect();
  await connection.exec("create table millrace.theirs ()");
  await connection.close();
  const { code, stdout } = await run(url, "verify", "--json");
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [{ reason: "catalogue" }] });
});

test("a lock that another migrator holds is 4", async () => {
  const { url, database } = await emptyDatabase();
  const holder = await database.connect();
  await holder.exec(`select pg_advisory_lock(${lockKey})`);
  const { code, stderr } = await run(url, "up", "--lock-wait", "50ms");
  await holder.close();
  expect({ code, stderr }).toEqual({
    code: 4,
    stderr: "millrace-migrator: Another migrator held the lock for 50 ms.\n",
  });
});

test("a migration that PostgreSQL refuses is 5, in one sentence with its words", async () => {
  const { url, database } = await emptyDatabase();
  const connection = await database.connect();
  await connection.exec("create schema millrace; create table millrace.jobs ()");
  await connection.close();
  expect(await run(url, "up")).toMatchObject({
    code: 5,
    stderr: 'millrace-migrator: 0001_jobs.up.sql failed: relation "jobs" already exists.\n',
  });
});

test("a database that does not answer is 1 and one sentence", async () => {
  const { code, stderr } = await run("postgres://nobody@127.0.0.1:1/nothing", "up");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^millrace-migrator: The database can't be reached: .+\.\n$/);
});

test("wrong configuration is 78, with every problem and no secret", async () => {
  const { code, stderr } = await run("mysql://u:hunter2@host/db", "up");
  expect(code).toBe(78);
  expect(stderr).toContain("MILLRACE_DATABASE_URL");
  expect(stderr).not.toContain("hunter2");
});

test("the program itself answers with the same exit codes and output", async () => {
  const { url } = await emptyDatabase();
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@millrace/source", main, "status", "--check"], {
    env: { PATH: process.env["PATH"], DATABASE_URL: url, MILLRACE_PROFILE: "test", ...patientEnv },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = once(child, "exit") as Promise<[number]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
  expect(stdout).toMatch(/0001 +jobs +pending/);
});

async function testDatabaseOfThisTest(): Promise<TestDatabase> {
  const migrated = await testDatabase();
  onTestFinished(() => migrated.close());
  return migrated;
}

test("after-restore sends every log and lake far ahead, and says what is left to do", async () => {
  const { url, database } = await testDatabaseOfThisTest();
  await database.query({
    name: "test",
    text: "with l as (insert into millrace.event_logs (tenant_id, head) values ('acme', 5) returning tenant_no) insert into millrace.event_progress (tenant_no, watermark, snapshot_id) select tenant_no, 5, 3 from l",
  });
  const { code, stdout } = await run(url, "after-restore");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^The logs and lakes of 1 tenants go on .+\.\n$/)]);
  const [state] = await database.query<{ head: number; snapshot: number; sweeping: boolean }>({
    name: "test",
    text: `select l.head, s.snapshot_id as snapshot, t.sweeping
      from millrace.event_logs l join millrace.lake_snapshots s using (tenant_no), millrace.lake_state t`,
  });
  expect(state?.head).toBeGreaterThan(1_000_000_000);
  expect(state?.snapshot).toBeGreaterThan(1_000_000);
  expect(state?.sweeping).toBe(false);
});
