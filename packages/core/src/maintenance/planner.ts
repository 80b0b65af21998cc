import { type EnqueueRequest, isMillraceError, type MaintenanceKind } from "@millrace/contract";
import type { DatabaseClock, JobStore, LakeFile, LakeStore, LakeUpkeep } from "@millrace/storage";
import type { Logger, Metrics } from "@millrace/telemetry";

import { enqueue } from "../jobs/enqueue.ts";
import { jitter } from "../worker/backoff.ts";
import { startLoop } from "../worker/loop.ts";
import { maintenanceJob } from "./request.ts";

export interface MaintenancePlannerOptions {
  readonly store: JobStore;
  readonly lake: Pick<LakeStore, "tablesWithFiles" | "liveFiles">;
  readonly upkeep: Pick<LakeUpkeep, "tenants">;
  readonly clock: DatabaseClock;
  /** Tables with fewer live files than this are well as they are. */
  readonly liveFilesMin: number;
  /** Whether there is something to merge. */
  readonly wantsCompaction: (files: readonly LakeFile[]) => boolean;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, "jobsEnqueuedTotal">;
  /** How often tables are looked at; default 10,000. */
  readonly planEveryMs?: number | undefined;
}

export interface MaintenancePlanner {
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

const hourMs = 3_600_000;
const pageSize = 200;

/** What is done for every tenant, and how often. A check every day looks for all files and reads a tenth of them. */
export const tenantTicks: readonly {
  readonly kind: MaintenanceKind;
  readonly everyMs: number;
  readonly share?: number;
}[] = [
  { kind: "retention", everyMs: hourMs },
  { kind: "expiry", everyMs: hourMs },
  { kind: "orphans", everyMs: 24 * hourMs },
  { kind: "integrity", everyMs: 24 * hourMs, share: 0.1 },
];

/**
 * Enqueues the jobs that keep every tenant's lake in order. Any number of processes may do it: the ticks are those of the database's clock, and a tick's job has an
 * idempotency key, so it is enqueued once whoever is first. A table gets a job where there is something to merge.
 */
export function startMaintenancePlanner(options: MaintenancePlannerOptions): MaintenancePlanner {
  const { store, lake, upkeep, clock, liveFilesMin, wantsCompaction, logger, metrics } = options;
  const planEveryMs = options.planEveryMs ?? 10_000;
  const planned = new Map<MaintenanceKind, number>();
  let isFailing = false;

  async function add(tenantId: string, request: EnqueueRequest, tick: number, everyMs: number): Promise<void> {
    const actor = { tenantId, scopes: ["jobs:write"] as const };
    const key = { idempotencyKey: `${request.concurrencyKey} ${tick}`, idempotencyWindowMs: 2 * everyMs };
    try {
      await enqueue({ actor, store, metrics }, { ...request, ...key });
    } catch (error) {
      if (!isMillraceError(error) || error.code === "UNAVAILABLE") throw error;
      // A tenant's queue may be full, or its own schema for the type refuse the payload: others go on.
      logger.warn({ err: error, tenant: tenantId, type: request.type }, "A job of the lake's upkeep was refused");
    }
  }

  async function planTables(now: number): Promise<void> {
    const tick = Math.floor(now / planEveryMs);
    let afterTableId = 0;
    for (;;) {
      const page = await lake.tablesWithFiles({ afterTableId, liveFilesMin, limit: pageSize });
      for (const { table } of page) {
        afterTableId = table.tableId;
        if (!wantsCompaction(await lake.liveFiles(table.tableId))) continue;
        await add(table.tenantId, maintenanceJob("compaction", { table: table.name }), tick, planEveryMs);
      }
      if (page.length < pageSize) return;
    }
  }

  async function planTenants(now: number): Promise<void> {
    const due = tenantTicks.filter(({ kind, everyMs }) => planned.get(kind) !== Math.floor(now / everyMs));
    if (due.length === 0) return;
    let afterTenantNo = 0;
    for (;;) {
      const page = await upkeep.tenants({ afterTenantNo, limit: pageSize });
      for (const { tenantNo, tenantId } of page) {
        afterTenantNo = tenantNo;
        for (const { kind, everyMs, share } of due) {
          const request = maintenanceJob(kind, share === undefined ? {} : { share });
          await add(tenantId, request, Math.floor(now / everyMs), everyMs);
        }
      }
      if (page.length < pageSize) break;
    }
    for (const { kind, everyMs } of due) planned.set(kind, Math.floor(now / everyMs));
  }

  const loop = startLoop({
    firstDelayMs: Math.random() * planEveryMs,
    async step() {
      await clock.ready();
      const now = clock.now().getTime();
      await planTables(now);
      await planTenants(now);
      isFailing = false;
      return jitter(planEveryMs);
    },
    onError(err) {
      if (!isFailing) logger.warn({ err, component: "lake" }, "The lake's upkeep can't be planned; it is tried again");
      isFailing = true;
    },
  });
  return { stop: () => loop.stop() };
}
