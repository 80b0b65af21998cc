import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { testDatabase } from "../testing/test-database.ts";
import type { TestDatabase } from "../testing/test-database.ts";
import { applicationName, least } from "./chaos.test.support.ts";
import type { Ledger } from "./chaos.test.support.ts";

// A longer run for a night: TEST_CHAOS_SECONDS=60 (another seed: TEST_CHAOS_SEED).
const seconds = Number(process.env["TEST_CHAOS_SECONDS"] ?? 8);
const seed = Number(process.env["TEST_CHAOS_SEED"] ?? 1);
const killEveryMs = 100;
const timeout = (seconds + 240) * 1_000;

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase({ migrate: false });
});
beforeEach(async () => {
  await db.database.query({ name: "drop", text: "drop table if exists chaos" });
  await db.database.query({ name: "create", text: "create table chaos (id text primary key)" });
});
afterAll(() => db.close());

test(
  "with backends killed every 100 ms no process ends, no failed write leaves a row, no committed one lacks one",
  { timeout },
  async () => {
    const { ledger, found, killed } = await runUnderFire("door", seconds);

    const known = new Set([...ledger.committed, ...ledger.unknown].flat());
    expect(ledger.uncaught).toEqual([]);
    expect(ledger.hanging).toBe(0);
    expect(ledger.committed.flat().filter((id) => !found.has(id))).toEqual([]);
    expect(ledger.failed.flat().filter((id) => found.has(id))).toEqual([]);
    expect([...found].filter((id) => !known.has(id))).toEqual([]);
    // A transaction whose outcome is unknown is there in full or not at all.
    expect(ledger.unknown.filter((ids) => new Set(ids.map((id) => found.has(id))).size > 1)).toEqual([]);
    // The run proves nothing unless connections died and most writes succeeded all the same.
    expect(killed).toBeGreaterThan(seconds * least.failed);
    expect(ledger.committed.length).toBeGreaterThan(seconds * least.committed);
    expect(ledger.failed.length).toBeGreaterThan(seconds * least.failed);
  },
);

test("the same fire breaks the driver's own transactions, which is why they are banned", { timeout }, async () => {
  const { ledger, found } = await runUnderFire("driver", seconds);

  const ghosts = [...found].filter((id) => id.startsWith("ghost"));
  expect(ledger.uncaught.length + ledger.hanging + ghosts.length).toBeGreaterThan(0);
});

interface Outcome {
  readonly ledger: Ledger;
  readonly found: ReadonlySet<string>;
  readonly killed: number;
}

async function runUnderFire(kind: "door" | "driver", loadSeconds: number): Promise<Outcome> {
  let isOver = false;
  const killing = killBackends(() => isOver);
  const ledger = await runLoad(kind, loadSeconds).finally(() => (isOver = true));
  const killed = await killing;
  const rows = await db.database.query<{ id: string }>({ name: "rows", text: "select id from chaos" });
  return { ledger, found: new Set(rows.map(({ id }) => id)), killed };
}

/** Kills one backend of the load each time, picked by the seed; answers how many. */
async function killBackends(isOver: () => boolean): Promise<number> {
  const statement = {
    name: "kill",
    text: `select pg_terminate_backend(pid) as killed from pg_stat_activity
      where datname = current_database() and application_name = $1
      order by md5(pid::text || $2) limit 1`,
  };
  let killed = 0;
  for (let round = 0; !isOver(); round++) {
    killed += (await db.database.query(statement, [applicationName, `${seed}/${round}`])).length;
    await delay(killEveryMs);
  }
  return killed;
}

/** The load runs in a process of its own, so that an exception that nobody catches is seen for what it is. */
async function runLoad(kind: "door" | "driver", loadSeconds: number): Promise<Ledger> {
  const program = fileURLToPath(new URL("./chaos.test.support.ts", import.meta.url));
  const args = ["--conditions=@millrace/source", program, db.url, String(loadSeconds), kind];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 256 * 1024 * 1024 });
  return JSON.parse(stdout) as Ledger;
}
