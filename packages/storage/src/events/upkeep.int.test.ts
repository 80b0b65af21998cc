import { afterAll, beforeEach, expect, it } from "vitest";

import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { dropConsumed } from "./drop-consumed.ts";
import { ensureEventPartitions } from "./ensure-partitions.ts";
import { makeLog, newEvent } from "./events.test.support.ts";
import { publishEvents } from "./publish.ts";
import { readRange } from "./read-range.ts";
import { keepUpLog } from "./upkeep.ts";

let test: TestDatabase;
let tenantNo: number;
beforeEach(async () => {
  await test?.close();
  test = await testDatabase();
  tenantNo = await makeLog(test.database);
});
afterAll(() => test.close());

const run = <Row>(text: string, parameters: readonly (number | string)[] = []) =>
  test.database.query<Row>({ name: "test", text }, parameters);

/** Which partitions hold events, and how many. */
async function held(): Promise<Record<string, number>> {
  const rows = await run<{ name: string; n: number }>(
    "select tableoid::regclass::text as name, count(*)::integer as n from millrace.events group by 1",
  );
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
}

/** A partition of a time that has passed, with one event of each of these tenants. */
async function makePast(...tenants: readonly number[]): Promise<void> {
  await run(
    "create table millrace.events_old partition of millrace.events for values from ('2026-01-01') to ('2026-01-02')",
  );
  for (const tenant of tenants) {
    await run(
      `with log as (update millrace.event_logs set head = head + 1 where tenant_no = $1 returning head)
insert into millrace.events (tenant_no, event_offset, table_id, version, op, key, payload, ingested_at)
select $1, head, 1, 1, 'insert', 'old', '{}', '2026-01-01 12:00Z' from log`,
      [tenant],
    );
  }
}

async function consume(tenant: number): Promise<void> {
  await run(
    "update millrace.event_progress p set watermark = l.head from millrace.event_logs l where l.tenant_no = p.tenant_no and p.tenant_no = $1",
    [tenant],
  );
}

it("partitions are made ahead once, whoever makes them, and take what is published", async () => {
  const made = await Promise.all([1, 2, 3].map(() => ensureEventPartitions(test.database)));
  await ensureEventPartitions(test.database);
  const [row] = await run<{ n: number }>(
    "select count(*)::integer as n from pg_inherits where inhparent = 'millrace.events'::regclass",
  );
  // One more where the time of the first has just ended.
  expect(row?.n).toBeGreaterThanOrEqual(7 + 1);
  expect(made.reduce((sum, n) => sum + n)).toBeLessThan(row?.n ?? 0);
  await publishEvents(test.database, tenantNo, [newEvent("a")]);
  expect(Object.keys(await held())).toEqual([expect.stringMatching(/^(?:millrace\.)?events_\d{8}_\d{4}$/) as string]);
});

it("without any partition events are accepted all the same, read in order, and deleted once they are consumed", async () => {
  const { database: db } = test;
  const late = await makeLog(db);
  await publishEvents(db, late, [newEvent("late")]);
  const many = Array.from({ length: 2_500 }, (_, n) => newEvent(String(n)));
  await publishEvents(db, tenantNo, many);
  await ensureEventPartitions(db);
  await publishEvents(db, tenantNo, [newEvent("later")]);
  const range = await readRange(db, { tenantNo, from: 0, head: 2_501, limit: 5_000, bytesMax: 1_000_000 });
  expect(range.events.map(({ offset }) => offset)).toEqual(Array.from({ length: 2_501 }, (_, n) => n + 1));
  await run("update millrace.event_progress set watermark = 2400 where tenant_no = $1", [tenantNo]);
  await keepUpLog(db);
  expect(Object.values(await held()).reduce((sum, n) => sum + n)).toBe(101 + 1);
});

it("a partition goes once every tenant has consumed its part of it, and not before", async () => {
  const { database: db } = test;
  const other = await makeLog(db);
  await makePast(tenantNo, other);
  await consume(tenantNo);
  expect(await dropConsumed(db)).toBe(0);
  await publishEvents(db, tenantNo, [newEvent("pending, but elsewhere")]);
  await consume(other);
  expect(await dropConsumed(db)).toBe(1);
  expect(Object.values(await held())).toEqual([1]);
});

it("of many that drop at once nobody fails", async () => {
  await makePast(tenantNo);
  await consume(tenantNo);
  const dropped = await Promise.all(Array.from({ length: 5 }, () => dropConsumed(test.database)));
  await dropConsumed(test.database);
  expect(dropped.reduce((sum, n) => sum + n)).toBeLessThanOrEqual(1);
  expect(await held()).toEqual({});
});

it("the partition of the present stays although everything is consumed", async () => {
  const tenMinutes = async () =>
    (await run<{ n: number }>("select floor(extract(epoch from now()) / 600)::integer as n"))[0]?.n;
  let began: number | undefined;
  let dropped: number;
  // Once more where its time has just ended.
  do {
    began = await tenMinutes();
    await ensureEventPartitions(test.database);
    await publishEvents(test.database, tenantNo, [newEvent(`of ${began}`)]);
    await consume(tenantNo);
    dropped = await dropConsumed(test.database);
  } while (began !== (await tenMinutes()));
  expect(dropped).toBe(0);
});

it("a partition that somebody still writes to is not dropped, and what was written is there", async () => {
  const { database: db } = test;
  await makePast(tenantNo);
  await consume(tenantNo);
  await db.withTransaction(async (tx) => {
    await tx.query(
      {
        name: "late",
        text: `with log as (update millrace.event_logs set head = head + 1 where tenant_no = $1 returning head)
insert into millrace.events (tenant_no, event_offset, table_id, version, op, key, payload, ingested_at)
select $1, head, 1, 1, 'insert', 'late', '{}', '2026-01-01 12:00Z' from log`,
      },
      [tenantNo],
    );
    expect(await dropConsumed(db)).toBe(0);
  });
  expect(await dropConsumed(db)).toBe(0);
  await consume(tenantNo);
  expect(await dropConsumed(db)).toBe(1);
});

it("offsets that nobody was given are passed in one step", async () => {
  const { database: db } = test;
  await publishEvents(db, tenantNo, [newEvent("before")]);
  await run("update millrace.event_logs set head = head + 1000000 where tenant_no = $1", [tenantNo]);
  const bounds = { tenantNo, limit: 10, bytesMax: 1_000 };
  expect(await readRange(db, { ...bounds, from: 0, head: 1_000_001 })).toMatchObject({ to: 1_000_001, bytes: 2 });
  expect(await readRange(db, { ...bounds, from: 1_000_001, head: 1_000_001 })).toMatchObject({ events: [], bytes: 0 });
});
