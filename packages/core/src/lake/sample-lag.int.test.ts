import { expect, onTestFinished, test, vi } from "vitest";

import { createPostgresBus } from "@millrace/bus";
import { createPostgresHistoryStore, createPostgresTableStore } from "@millrace/storage";
import { testDatabase } from "@millrace/storage/testing";
import { silentLogger } from "@millrace/telemetry";

import { testMetrics } from "../testing/worker-rig.ts";
import { createOutages } from "../worker/outages.ts";
import { sampleLag } from "./sample-lag.ts";

test("the age of the oldest event and of the oldest finished job that wait for the lake is measured, and is 0 when none does", async () => {
  const { database: db, close } = await testDatabase();
  onTestFinished(close);
  const run = (text: string) => db.query({ name: "test", text });
  const bus = createPostgresBus({ db });
  onTestFinished(() => bus.close());
  const tables = createPostgresTableStore(db);
  for (const [tenantId, ageMinutes] of [
    ["early", 10],
    ["late", 2],
  ] as const) {
    const table = await tables.createTable({
      tenantId,
      name: "events",
      columns: [{ fieldId: 1, name: "n", type: "int64", nullable: true }],
      schemaMode: "strict",
      primaryKey: [],
      sortBy: [],
      partitionBy: [],
      retentionDays: undefined,
      nextFieldId: 2,
    });
    const { tableId, tenantNo } = table!;
    const payloadHash = "00000000-0000-4000-8000-000000000000";
    await bus.publish(tenantNo, [
      { tableId, version: 1, op: "insert", key: "k", payload: '{"n":1}', payloadHash, eventTime: undefined },
    ]);
    await run(
      `update millrace.events set ingested_at = now() - interval '${ageMinutes} minutes' where tenant_no = ${tenantNo}`,
    );
  }
  await run("update millrace.history_export set exported_to = pg_current_snapshot(), exported_at = now()");
  await run(`insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, scheduled_at,
      created_at, updated_at, completed_at, tags, errors, payload)
    select gen_random_uuid(), 'late', 'q', 't', 'completed', 0, 1, 1, 1, now(), now(), now(), now() - interval '5 minutes', '{}', '[]', '{}'`);

  const metrics = testMetrics();
  const history = createPostgresHistoryStore(db);
  const lag = sampleLag({ db, bus, history, metrics, outages: createOutages(silentLogger) });
  onTestFinished(() => lag.stop());
  const measured = async () => [
    await metrics.read("millrace_lake_lag_seconds"),
    await metrics.read("millrace_lake_history_lag_seconds"),
  ];
  const about = (seconds: number): unknown => expect.closeTo(seconds, -2);
  await vi.waitFor(async () => expect(await measured()).toEqual([about(600), about(300)]), { timeout: 20_000 });

  await run(`insert into millrace.event_progress (tenant_no, watermark) select tenant_no, head from millrace.event_logs
    on conflict (tenant_no) do update set watermark = excluded.watermark`);
  await run("update millrace.history_export set exported_to = pg_current_snapshot()");
  lag.wake();
  await vi.waitFor(async () => expect(await measured()).toEqual([0, 0]), { timeout: 20_000 });
});
