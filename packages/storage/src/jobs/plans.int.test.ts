import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Database, DirectConnection } from "../database.ts";
import { ackStatement } from "../events/ack.ts";
import { claimRangeOfTenantStatement } from "../events/claim-range.ts";
import { lagStatement } from "../events/lag.ts";
import { readRangeStatement } from "../events/read-range.ts";
import type { Statement } from "../executor.ts";
import { depthStatement } from "../queues/depth.ts";
import { recheckKeysStatement } from "../queues/recheck-keys.ts";
import { dueStatement } from "../schedules/due.ts";
import { fireStatement } from "../schedules/fire.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { appendLogsStatement } from "./append-logs.ts";
import { claimLimitedStatement } from "./claim-limited.ts";
import { claimOfTenantStatement, claimStatement } from "./claim.ts";
import { completeAndClaimOfTenantStatement, completeAndClaimStatement } from "./complete-and-claim.ts";
import { completeStatement } from "./complete.ts";
import { failStatement } from "./fail.ts";
import { handBackStatement } from "./hand-back.ts";
import { heartbeatStatement } from "./heartbeat.ts";
import { insertDue, insertKeyed, insertPlain } from "./insert.ts";
import { hotSession } from "./postgres-job-store.ts";
import { progressStatement } from "./progress.ts";
import { promoteStatement } from "./promote.ts";
import { rescueStatement } from "./rescue.ts";

const hotStatements: Record<string, Statement> = {
  claim: claimStatement,
  "claim of a tenant": claimOfTenantStatement,
  "claim with limits": claimLimitedStatement,
  depth: depthStatement,
  "recheck of keys": recheckKeysStatement,
  complete: completeStatement,
  "complete and claim": completeAndClaimStatement,
  "complete and claim of a tenant": completeAndClaimOfTenantStatement,
  fail: failStatement,
  "hand back": handBackStatement,
  heartbeat: heartbeatStatement,
  "append to logs": appendLogsStatement,
  progress: progressStatement,
  promote: promoteStatement,
  rescue: rescueStatement,
  "insert with keys": insertKeyed,
  insert: insertPlain,
  "insert of due jobs": insertDue,
  "due schedules": dueStatement,
  "fire a schedule": fireStatement,
  "claim of a range": claimRangeOfTenantStatement,
  "read of a range": readRangeStatement,
  "acknowledgement of a range": ackStatement,
  lag: lagStatement,
};

const fill = `
insert into millrace.jobs (id, tenant_id, queue, type, payload, claim_id)
select gen_random_uuid(), 'acme', 'default', 't', '{}', case when n % 2 = 0 then gen_random_uuid() end from generate_series(1, 10000) n;
insert into millrace.ready (tenant_id, queue, priority, scheduled_at, job_id, type)
select tenant_id, queue, priority, scheduled_at, id, type from millrace.jobs where claim_id is null;
insert into millrace.scheduled (tenant_id, queue, priority, scheduled_at, job_id, type)
select tenant_id, queue, priority, scheduled_at, id, type from millrace.jobs where claim_id is null;
insert into millrace.claims (claim_id, tenant_id, queue, worker, job_ids, open, lease_expires_at)
select claim_id, tenant_id, queue, 'w', array[id], 1, now() from millrace.jobs where claim_id is not null;
insert into millrace.held (tenant_id, queue, concurrency_key, priority, scheduled_at, job_id, type)
select tenant_id, queue, id::text, priority, scheduled_at, id, type from millrace.jobs;
insert into millrace.queue_settings (tenant_id, queue, concurrency) select tenant_id, id::text, 1 from millrace.jobs;
insert into millrace.job_keys (tenant_id, key, job_id, request_hash) select tenant_id, id::text, id, '' from millrace.jobs;
insert into millrace.schedules (tenant_id, name, cron, time_zone, misfire_policy, paused, queue, type, job, next_at, due_at)
select tenant_id, id::text, '@daily', 'UTC', 'once', false, queue, type, '{}', now(), now() from millrace.jobs;
insert into millrace.event_logs (tenant_id, head) select id::text, 1 from millrace.jobs;
insert into millrace.event_progress (tenant_no) select tenant_no from millrace.event_logs;
insert into millrace.events (tenant_no, event_offset, table_id, version, op, key, payload)
select tenant_no, 1, 1, 1, 'insert', tenant_id, '{}' from millrace.event_logs;`;

/** Nodes that read a whole table or index; a queue's tables may be large when the plan is old. */
interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Order By"?: string;
  readonly Plans?: readonly PlanNode[];
}

function wholeScans(node: PlanNode, underLimit = false): string[] {
  const limited = underLimit || node["Node Type"] === "Limit" || node["Node Type"] === "LockRows";
  const relation = node["Relation Name"];
  const isSequential = node["Node Type"] === "Seq Scan";
  const isFullIndexScan = node["Node Type"].startsWith("Index") && node["Index Cond"] === undefined && !limited;
  const own =
    relation !== undefined && (isSequential || isFullIndexScan) ? [`${node["Node Type"]} on ${relation}`] : [];
  return [...own, ...(node.Plans ?? []).flatMap((child) => wholeScans(child, limited))];
}

describe("plans of the hot statements", () => {
  let test: TestDatabase;
  let database: Database;
  let connection: DirectConnection;
  beforeAll(async () => {
    test = await testDatabase();
    database = test.database;
    connection = await database.connect();
    for (const [name, value] of Object.entries(hotSession)) await connection.exec(`set ${name} = ${value}`);
  });
  afterAll(async () => {
    await connection.close();
    await test.close();
  });

  const explain = async ({ name, text }: Statement): Promise<PlanNode> => {
    const parameters = new Set(text.match(/\$\d+/g) ?? []);
    const nulls = Array.from(parameters, () => "null").join(", ");
    await connection.exec(`prepare hot as ${text}`);
    try {
      const explained = { name, text: `explain (format json) execute hot(${nulls})` };
      const [row] = await connection.query<{ "QUERY PLAN": readonly [{ Plan: PlanNode }] }>(explained);
      if (row === undefined) throw new Error("no plan");
      return row["QUERY PLAN"][0].Plan;
    } finally {
      await connection.exec("deallocate hot");
    }
  };

  const check = (state: string) => {
    for (const [name, statement] of Object.entries(hotStatements)) {
      it(`${name} reads no whole table when the tables are ${state}`, async () => {
        expect(wholeScans(await explain(statement))).toEqual([]);
      });
    }
  };

  describe("empty", () => {
    check("empty");
  });
  describe("filled since they were analysed empty", () => {
    beforeAll(async () => {
      await connection.exec("analyze");
      await connection.exec(fill);
    });
    check("filled since they were analysed empty");
  });
  describe("10,000 rows", () => {
    beforeAll(() => connection.exec("analyze"));
    check("10,000 rows");
  });

  it("would notice a whole scan", async () => {
    const scan = { name: "scan", text: "select j.id from millrace.jobs j where j.locked_by = $1::text" };
    expect(wholeScans(await explain(scan))).toEqual(["Seq Scan on jobs"]);
  });
});
