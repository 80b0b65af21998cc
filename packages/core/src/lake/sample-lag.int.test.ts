import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";

import { createPostgresBus, type IngestBus } from "@millrace/bus";
import { newEvent } from "@millrace/bus/testing";
import { createPostgresHistoryStore, createPostgresTableStore } from "@millrace/storage";
import { addTable, type TestDatabase, testDatabase } from "@millrace/storage/testing";
import { silentLogger } from "@millrace/telemetry";

import { testMetrics } from "../testing/worker-rig.ts";
import { createOutages } from "../worker/outages.ts";
import { type LagOptions, sampleLag } from "./sample-lag.ts";

let parts: TestDatabase;
let bus: IngestBus;
beforeEach(async () => {
  parts = await testDatabase();
  bus = createPostgresBus({ db: parts.database });
});
afterEach(async () => {
  await bus.close();
  await parts.close();
});

const run = (text: string) => parts.database.query({ name: "test", text });

/** Makes a tenant with one event that came in so long ago, and of which something was last consumed so long ago. */
async function addTenant(tenantId: string, eventMinutes: number, consumedMinutes?: number): Promise<number> {
  const { tableId, tenantNo } = await addTable(createPostgresTableStore(parts.database), { tenantId });
  await bus.publish(tenantNo, [newEvent("k", { tableId })]);
  await run(
    `update millrace.events set ingested_at = now() - interval '${eventMinutes} minutes' where tenant_no = ${tenantNo}`,
  );
  if (consumedMinutes === undefined) return tenantNo;
  await run(
    `insert into millrace.event_progress (tenant_no, published_at) values (${tenantNo}, now() - interval '${consumedMinutes} minutes')
      on conflict (tenant_no) do update set published_at = excluded.published_at`,
  );
  return tenantNo;
}

/** Everybody's events are consumed. */
const consumeAll = () =>
  run(`insert into millrace.event_progress (tenant_no, watermark) select tenant_no, head from millrace.event_logs
    on conflict (tenant_no) do update set watermark = excluded.watermark`);

/** Starts to sample; answers how to read both gauges, undefined where one has no value. */
function sample(changes: Partial<Pick<LagOptions, "bus">> = {}) {
  const metrics = testMetrics();
  const history = createPostgresHistoryStore(parts.database);
  const loop = sampleLag({ bus, history, metrics, outages: createOutages(silentLogger), ...changes });
  onTestFinished(() => loop.stop());
  return {
    loop,
    async values() {
      const { body } = await metrics.render();
      return ["events", "jobs"].map((of) => {
        const name = of === "events" ? "millrace_lake_lag_seconds" : "millrace_lake_history_lag_seconds";
        const line = body.split("\n").find((one) => one.startsWith(`${name} `));
        return line === undefined ? undefined : Number(line.slice(name.length + 1));
      });
    },
  };
}

const inTime = { timeout: 20_000 };
const about = (seconds: number): unknown => expect.closeTo(seconds, -2);

test("the age of the oldest event and of the oldest finished job that wait for the lake is measured, and is 0 when none does", async () => {
  await addTenant("early", 10);
  await addTenant("late", 2);
  await run("update millrace.history_export set exported_to = pg_current_snapshot(), exported_at = now()");
  await run(`insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, scheduled_at,
      created_at, updated_at, completed_at, tags, errors, payload)
    select gen_random_uuid(), 'late', 'q', 't', 'completed', 0, 1, 1, 1, now(), now(), now(), now() - interval '5 minutes', '{}', '[]', '{}'`);
  const { loop, values } = sample();
  await vi.waitFor(async () => expect(await values()).toEqual([about(600), about(300)]), inTime);

  await consumeAll();
  await run("update millrace.history_export set exported_to = pg_current_snapshot()");
  loop.wake();
  await vi.waitFor(async () => expect(await values()).toEqual([0, 0]), inTime);
});

test("a tenant that is stuck is seen behind any number of tenants that rarely have events", async () => {
  for (let rare = 0; rare < 12; rare++) await addTenant(`rare-${rare}`, 0, 7 * 24 * 60);
  await addTenant("stuck", 20, 19);
  const { values } = sample();
  await vi.waitFor(async () => expect(await values()).toEqual([about(1_200), 0]), inTime);
});

test("while the age of an event that waits is not known there is no value, neither 0 nor the last one", async () => {
  const tenantNo = await addTenant("of a stream", 2);
  const { loop, values } = sample();
  await vi.waitFor(async () => expect(await values()).toEqual([about(120), 0]), inTime);
  // Its events go on in a stream, which this bus doesn't read.
  await run(`select millrace.open_bus_segment(${tenantNo}, 'EV_0_0', '2026-01-01T00:00:00Z', 0, 0)`);
  await consumeAll();
  await run(`update millrace.event_logs set head = head + 1 where tenant_no = ${tenantNo}`);
  loop.wake();
  await vi.waitFor(async () => expect(await values()).toEqual([undefined, 0]), inTime);
  await consumeAll();
  await vi.waitFor(async () => expect(await values()).toEqual([0, 0]), inTime);
});

test("a sample that fails leaves no value behind, and what can be measured beside it has one", async () => {
  let answer: () => Promise<Date> = () => Promise.resolve(new Date(Date.now() - 120_000));
  const { loop, values } = sample({ bus: { oldestPendingAt: () => answer() } });
  await vi.waitFor(async () => expect(await values()).toEqual([about(120), 0]), inTime);
  answer = () => Promise.reject(new Error("no answer"));
  loop.wake();
  await vi.waitFor(async () => expect(await values()).toEqual([undefined, 0]), inTime);
});
