import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { publishEvents, type Transaction } from "@millrace/storage";
import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { makeLog, newEvent } from "./testing/fixture.ts";

const writers = 16;
const batchesOfEach = 25;
const samplesMin = 30;

/** What a reader saw: the greatest offset, and how many were readable up to it. */
interface Sample {
  readonly greatest: number;
  readonly below: number;
}

/** A log to write to, and how to look at it. */
interface Log {
  write(tx: Transaction, size: number): Promise<unknown>;
  readonly countText: string;
}

describe("the order in which events become visible", () => {
  let test: TestDatabase;
  let tenantNo: number;
  beforeAll(async () => {
    test = await testDatabase({
      database: { poolMax: writers + 2, lockTimeoutMs: 20_000, statementTimeoutMs: 20_000, acquireTimeoutMs: 20_000 },
    });
    tenantNo = await makeLog(test.database);
    await test.database.query({
      name: "plain",
      text: "create table plain_log (tenant_no bigint, event_offset bigint generated always as identity, key text, payload text)",
    });
  });
  afterAll(() => test.close());

  it("nobody who reads an offset finds more below it later", async () => {
    const { samples, recounts } = await run({
      write: (tx, size) =>
        publishEvents(
          tx,
          tenantNo,
          Array.from({ length: size }, () => newEvent(randomUUID())),
        ),
      countText: "select count(*)::integer as n, coalesce(max(event_offset), 0) as greatest from millrace.events",
    });
    expect(samples.length).toBeGreaterThanOrEqual(samplesMin);
    expect(violations(samples, recounts)).toBe(0);
    // No hole either: an offset is how many there are up to it.
    expect(samples.filter(({ greatest, below }) => greatest !== below)).toEqual([]);
  });

  it("a plain sequence does let readers find more below it later, so the test above can fail", async () => {
    const insert = {
      name: "plain.insert",
      text: "insert into plain_log (tenant_no, key, payload) select $1::bigint, u.key, u.key from unnest($2::text[]) u(key)",
    };
    const { samples, recounts } = await run({
      write: (tx, size) => tx.query(insert, [tenantNo, Array.from({ length: size }, () => randomUUID())]),
      countText: "select count(*)::integer as n, coalesce(max(event_offset), 0) as greatest from plain_log",
    });
    expect(violations(samples, recounts)).toBeGreaterThan(0);
  });

  /** Lets many write while one samples; afterwards counts again what was below each sample. */
  async function run(log: Log): Promise<{ readonly samples: readonly Sample[]; readonly recounts: readonly number[] }> {
    const db = test.database;
    const samples: Sample[] = [];
    let isWriting = true;
    const all = { name: "sample", text: `${log.countText} where tenant_no = $1` };
    const reader = (async () => {
      while (isWriting) {
        const [row] = await db.query<{ n: number; greatest: number }>(all, [tenantNo]);
        if (row !== undefined) samples.push({ greatest: row.greatest, below: row.n });
      }
    })();
    const writing = Array.from({ length: writers }, async () => {
      for (let batch = 0; batch < batchesOfEach || samples.length < samplesMin; batch++) {
        // A commit comes a while after its write, as it does on a busy server.
        await db.withTransaction(async (tx) => {
          await log.write(tx, 1 + Math.floor(Math.random() * 60));
          await tx.query({ name: "pause", text: "select 1" });
        });
      }
    });
    await Promise.all(writing);
    isWriting = false;
    await reader;
    const upTo = { name: "recount", text: `${log.countText} where tenant_no = $1 and event_offset <= $2` };
    const recounts: number[] = [];
    for (const { greatest } of samples) {
      const [row] = await db.query<{ n: number }>(upTo, [tenantNo, greatest]);
      recounts.push(row?.n ?? 0);
    }
    return { samples, recounts };
  }
});

/** How many samples have gained rows below their greatest offset since. */
function violations(samples: readonly Sample[], recounts: readonly number[]): number {
  return samples.filter(({ below }, place) => recounts[place] !== below).length;
}
