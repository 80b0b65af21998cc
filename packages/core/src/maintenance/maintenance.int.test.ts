import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createPostgresBus, type IngestBus } from "@millrace/bus";
import { newEvent } from "@millrace/bus/testing";
import { type Config, loadConfig } from "@millrace/config";
import type { MaintenanceKind } from "@millrace/contract";
import {
  createDatabaseClock,
  createFsObjectStore,
  createPostgresAuditStore,
  createPostgresLakeStore,
  createPostgresTableStore,
  type EventTable,
  type LakeStore,
} from "@millrace/storage";
import { addTable } from "@millrace/storage/testing";
import { silentLogger } from "@millrace/telemetry";

import { type RunningMaterialiser, startMaterialiser } from "../lake/start-materialiser.ts";
import { createWorkerRig, eventually, testMetrics, type WorkerRig } from "../testing/worker-rig.ts";
import { askForMaintenance, type MaintenanceCtx } from "./ask.ts";
import { type RunningMaintenance, startMaintenance } from "./start-maintenance.ts";

let rig: WorkerRig;
let folder: string;
let config: Config["lake"];
let bus: IngestBus;
let lake: LakeStore;
let table: EventTable;
let materialiser: RunningMaterialiser;
let running: readonly RunningMaintenance[];
let ctx: MaintenanceCtx;
const metrics = testMetrics();

beforeAll(async () => {
  rig = await createWorkerRig();
  folder = await mkdtemp(join(tmpdir(), "millrace-maintenance-"));
  const env = {
    MILLRACE_PROFILE: "test",
    MILLRACE_LAKE_PATH: join(folder, "lake"),
    MILLRACE_LAKE_CACHE_DIRECTORY: join(folder, "cache"),
    MILLRACE_LAKE_FLUSH_MS: "10",
    // What stalls for a while must not lose it.
    MILLRACE_LAKE_LEASE_MS: "60s",
  };
  config = loadConfig({ sections: ["lake"], cwd: folder, env }).config.lake;
  const db = rig.database;
  const tables = createPostgresTableStore(db);
  bus = createPostgresBus({ db });
  lake = createPostgresLakeStore(db);
  table = await addTable(tables, { tenantId: "default", name: "clicks" });
  const objects = createFsObjectStore({ root: config.path });
  const parts = { db, tables, lake: { store: lake, objects }, settings: config, logger: silentLogger, metrics };
  materialiser = await startMaterialiser({ ...parts, bus });
  const clock = createDatabaseClock(db);
  const start = () => startMaintenance({ ...parts, store: rig.store, clock, planEveryMs: 1_000 });
  running = [await start(), await start()];
  for (const { handlers } of running) await rig.start({ handlers });
  ctx = { ...rig.ctx, tableStore: tables, audit: createPostgresAuditStore(db) };
});
afterAll(async () => {
  await Promise.all(running.map((one) => one.stopPlanning()));
  await rig.stopWorkers();
  await Promise.all(running.map((one) => one.close()));
  await materialiser.stop();
  await bus.close();
  await rig.close();
  await rm(folder, { recursive: true });
});

let events = 0;
async function ingest(files: number): Promise<void> {
  for (let file = 0; file < files; file++) {
    events++;
    const { tenantNo, tableId } = table;
    await bus.publish(tenantNo, [newEvent(`k${events}`, { tableId, payload: `{"n":${events}}` })]);
    await eventually(async () => ((await lake.progress("default"))?.watermark === events ? true : undefined));
  }
}

const ask = (kind: MaintenanceKind, request = {}) => askForMaintenance(ctx, { kind, request });
const liveFiles = async () => (await lake.liveFiles(table.tableId)).length;
const jobsOf = async (type: string) => (await rig.store.listJobs({ tenantId: "default", type, limit: 100 })).jobs;

describe("a job of the lake's upkeep", () => {
  test("merges the files of a table, and says what it has done", async () => {
    await ingest(9);
    expect(await liveFiles()).toBe(9);
    const job = await ask("compaction", { table: "clicks" });
    expect(job).toMatchObject({ type: "lake.compact", queue: "system.lake", concurrencyKey: "lake.compact clicks" });
    expect((await rig.until(job.id, "completed")).result).toEqual({
      tables: [
        expect.objectContaining({ table: "clicks", merges: 1, filesMerged: 9, rowsRead: 9, rowsWritten: 9, files: 1 }),
      ],
    });
    expect(await metrics.read('millrace_lake_maintenance_files_total{change="merged"}')).toBe(9);
    expect(await ctx.audit?.listAudit({ tenantId: "default", limit: 1 })).toMatchObject({
      entries: [{ action: "maintenance.run", target: "compaction", detail: { table: "clicks", job: job.id } }],
    });
  });

  test.each(["retention", "expiry", "orphans", "integrity"] as const)("of each other kind runs: %s", async (kind) => {
    const { id } = await ask(kind);
    expect(await rig.until(id, "completed")).toMatchObject({ queue: "system.lake", attempts: 1 });
  });

  test("finds a file that is gone, is dead at once and names it", async () => {
    const [file] = await lake.liveFiles(table.tableId);
    const path = join(folder, "lake", file?.path ?? "");
    await rm(path);
    const { id } = await ask("integrity", { table: "clicks" });
    const dead = await rig.until(id, "dead");
    expect(dead.attempts).toBe(1);
    expect(dead.lastError).toContain("INTEGRITY_CHECK_FAILED: 1 of");
    expect(dead.lastError).toContain(`${file?.path} (missing)`);
    expect(await metrics.read("millrace_lake_faulty_files_total")).toBe(1);
    await rig.database.query({
      name: "test",
      text: "update millrace.lake_files set end_snapshot = 1, deleting_at = now()",
    });
  });

  test("is asked for by those who may operate the whole tenant only", async () => {
    const asked = (actor: Partial<MaintenanceCtx["actor"]>) =>
      askForMaintenance({ ...ctx, actor: { ...ctx.actor, ...actor } }, { kind: "compaction", request: {} });
    await expect(asked({ scopes: ["jobs:write"] })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(asked({ queues: ["mine"] })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(asked({ tables: ["clicks"] })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(ask("compaction", { table: "none" })).rejects.toMatchObject({ code: "TABLE_NOT_FOUND" });
    await expect(ask("compaction", { tables: [] })).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
  });
});

test(
  "planners of several processes enqueue what is due once, and a table's job again only when the last one has ended well",
  { timeout: 180_000 },
  async () => {
    const type = "lake.compact";
    const kinds = ["lake.retention", "lake.expire", "lake.orphans", "lake.integrity"];
    const before = await Promise.all([...kinds, type].map(jobsOf));
    await rig.store.pauseQueue({ tenantId: "default", queue: "system.lake" });
    await ingest(20);
    for (const one of running) one.plan();
    const pending = await eventually(async () => {
      const jobs = (await jobsOf(type)).filter(({ status }) => status === "pending");
      return jobs.length > 0 ? jobs : undefined;
    });
    await plans(4);
    const after = await Promise.all([...kinds, type].map(jobsOf));
    // Nothing is old enough for retention; the object that an earlier test has marked is not deleted before the grace.
    expect(after.map((jobs, index) => jobs.length - (before[index]?.length ?? 0))).toEqual([0, 0, 1, 1, 1]);

    const [job] = pending;
    await rig.store.cancelJob({ tenantId: "default", id: job!.id });
    await plans(3);
    expect((await jobsOf(type)).length).toBe(after[4]?.length);

    await rig.store.deleteJob({ tenantId: "default", id: job!.id });
    await rig.store.resumeQueue({ tenantId: "default", queue: "system.lake" });
    await eventually(async () => ((await liveFiles()) < 12 ? true : undefined), 60_000);
    await Promise.all(running.map((one) => one.stopPlanning()));
  },
);

/** So many plans begin, and all but the last end. */
async function plans(count: number): Promise<void> {
  const seen = new Set<string>();
  await eventually(async () => {
    const [row] = await rig.database.query<{ at: string | null }>({
      name: "test",
      text: "select planned_at::text as at from millrace.lake_state",
    });
    if (typeof row?.at === "string") seen.add(row.at);
    return seen.size > count ? true : undefined;
  }, 60_000);
}
