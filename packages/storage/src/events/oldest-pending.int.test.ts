import { afterAll, beforeAll, expect, test } from "vitest";

import { hotSession } from "../jobs/postgres-job-store.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { oldestPending, oldestPendingStatement } from "./oldest-pending.ts";
import { keepUpLog } from "./upkeep.ts";

const tenants = 3_000;
const partitions = 6;

/** Thirty events of each tenant, five in each of six partitions, the first ten of them consumed. */
const fill = `
with logs as (insert into millrace.event_logs (tenant_id, head) select 't' || n, 30 from generate_series(1, ${tenants}) n returning tenant_no),
  progress as (insert into millrace.event_progress (tenant_no, watermark, published_at) select tenant_no, 10, now() from logs)
insert into millrace.events (tenant_no, event_offset, table_id, version, op, key, payload, ingested_at)
select l.tenant_no, n, 1, 1, 'insert', n::text, '{}', now() + (n - 1) / 5 * interval '10 minutes' from logs l, generate_series(1, 30) n`;

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly Plans?: readonly PlanNode[];
}

/** The nodes that read the log's events. */
function readsOf(node: PlanNode): readonly PlanNode[] {
  const own = /^events(?:_|$)/.test(node["Relation Name"] ?? "") ? [node] : [];
  return [...own, ...(node.Plans ?? []).flatMap(readsOf)];
}

let parts: TestDatabase;
beforeAll(async () => {
  parts = await testDatabase({ database: { session: hotSession } });
  const { database: db } = parts;
  await keepUpLog(db, {});
  await db.query({ name: "test", text: "analyze" });
  await db.withTransaction((tx) => tx.query({ name: "test", text: fill }, [], { timeoutMs: 60_000 }), {
    timeoutMs: 60_000,
  });
});
afterAll(() => parts.close());

/** How it is run now. */
async function plan(): Promise<PlanNode> {
  const text = `explain (analyze, format json) ${oldestPendingStatement.text}`;
  const [row] = await parts.database.query<{ "QUERY PLAN": readonly [{ Plan: PlanNode }] }>({ name: "test", text });
  if (row === undefined) throw new Error("no plan");
  return row["QUERY PLAN"][0].Plan;
}

test.each(["filled since they were analysed empty", "analysed"])(
  "of thousands of logs that wait it reads one event each, by index, when the tables are %s",
  async (state) => {
    if (state === "analysed") await parts.database.query({ name: "test", text: "analyze" });
    const reads = readsOf(await plan());
    const used = reads.filter((node) => node["Actual Loops"] > 0);
    expect(used.length).toBeGreaterThanOrEqual(partitions);
    expect(used.filter((node) => !(node["Index Cond"] ?? "").includes("event_offset >"))).toEqual([]);
    // One of each partition at most, to see which comes first; never the rest.
    expect(used.filter((node) => node["Actual Rows"] > 1 || node["Actual Loops"] > tenants)).toEqual([]);
  },
);

test("the oldest is that of the log that stands furthest back, and not what is consumed", async () => {
  const { database: db } = parts;
  const run = (text: string) => db.query<{ tenantNo: number; at: Date }>({ name: "test", text });
  const [last] = await run(`
    update millrace.event_progress p set watermark = 9 where p.tenant_no = (select max(tenant_no) from millrace.event_progress)
    returning p.tenant_no as "tenantNo", (select e.ingested_at from millrace.events e where e.tenant_no = p.tenant_no and e.event_offset = 10) as at`);
  expect(await oldestPending(db)).toEqual({ oldestAt: last?.at, elsewhere: [] });
  // Those whose first event that waits is not to be found here are named instead.
  await run(`delete from millrace.events where tenant_no = ${last?.tenantNo ?? 0}`);
  const { elsewhere } = await oldestPending(db);
  expect(elsewhere).toEqual([last?.tenantNo]);
});
