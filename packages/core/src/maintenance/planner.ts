import { type EnqueueRequest, isMillraceError, maintenanceTypes } from "@millrace/contract";
import type { JobStore, LakeUpkeep, TableToMerge } from "@millrace/storage";
import type { Logger, Metrics } from "@millrace/telemetry";

import { enqueue } from "../jobs/enqueue.ts";
import { jitter } from "../worker/backoff.ts";
import { startLoop } from "../worker/loop.ts";
import { createOutages } from "../worker/outages.ts";
import { maintenanceJob } from "./request.ts";

export interface MaintenancePlannerOptions {
  readonly store: JobStore;
  readonly upkeep: Pick<LakeUpkeep, "takePlan" | "tablesToMerge" | "dueUpkeep">;
  /** Tables with fewer live files than this are well as they are. */
  readonly liveFilesMin: number;
  /** Whether there is something to merge. */
  readonly wantsCompaction: (files: TableToMerge["files"]) => boolean;
  /** When snapshots and files are due. */
  readonly settings: { readonly snapshotRetentionMs: number; readonly graceMs: number };
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, "jobsEnqueuedTotal">;
  /** How often tables are looked at; default 10,000. */
  readonly planEveryMs?: number | undefined;
}

export interface MaintenancePlanner {
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** A table whose compaction has died or was cancelled is left alone for so long: the next one would meet the same files. */
const backOffMs = 4 * 3_600_000;
const pageSize = 200;
/** What is done for a tenant. A check every day looks for all files and reads a tenth of them. */
const tenantKinds = ["retention", "expiry", "orphans", "integrity"] as const;
const shareRead = 0.1;
const keyPrefix = "millrace ";

/**
 * Enqueues the jobs that keep every tenant's lake in order. Any number of processes may do it: each span of time is planned by the first that comes, by the
 * clock of the database. A job has one idempotency key for good, so that of those for one thing at most one waits.
 */
export function startMaintenancePlanner(options: MaintenancePlannerOptions): MaintenancePlanner {
  const { store, upkeep, liveFilesMin, wantsCompaction, settings, logger, metrics } = options;
  const planEveryMs = options.planEveryMs ?? 10_000;
  const outages = createOutages(logger);
  /** Where a plan of this process that failed began. */
  let failedFromMs: number | undefined;

  async function add(tenantId: string, request: EnqueueRequest): Promise<void> {
    const actor = { tenantId, scopes: ["jobs:write", "ops:admin"] as const };
    try {
      await enqueue(
        { actor, store, metrics },
        { ...request, idempotencyKey: `${keyPrefix}${request.concurrencyKey}`, onDuplicate: "keepLast" },
      );
    } catch (error) {
      if (!isMillraceError(error) || error.code === "UNAVAILABLE") throw error;
      // A tenant's queue may be full, or its own schema for the type refuse the payload: others go on.
      logger.warn({ err: error, tenant: tenantId, type: request.type }, "A job of the lake's upkeep was refused");
    }
  }

  async function planTables(): Promise<void> {
    const filter = {
      liveFilesMin,
      limit: pageSize,
      keyPrefix: `${keyPrefix}${maintenanceTypes.compaction} `,
      backOffMs,
    };
    let afterTableId = 0;
    for (;;) {
      const page = await upkeep.tablesToMerge({ ...filter, afterTableId });
      afterTableId = page.at(-1)?.tableId ?? afterTableId;
      const due = page.filter(({ files }) => wantsCompaction(files));
      // The store makes one insert of those that come together.
      await Promise.all(due.map(({ tenantId, name }) => add(tenantId, maintenanceJob("compaction", { table: name }))));
      if (page.length < pageSize) return;
    }
  }

  async function planTenants(span: { readonly fromMs: number; readonly toMs: number }): Promise<void> {
    const { snapshotRetentionMs: retentionMs, graceMs } = settings;
    let afterTenantNo = 0;
    for (;;) {
      const page = await upkeep.dueUpkeep({ ...span, afterTenantNo, limit: pageSize, retentionMs, graceMs });
      afterTenantNo = page.at(-1)?.tenantNo ?? afterTenantNo;
      await Promise.all(
        page.flatMap((due) =>
          tenantKinds
            .filter((kind) => due[kind])
            .map((kind) => add(due.tenantId, maintenanceJob(kind, kind === "integrity" ? { share: shareRead } : {}))),
        ),
      );
      if (page.length < pageSize) return;
    }
  }

  const loop = startLoop({
    firstDelayMs: Math.random() * planEveryMs,
    async step() {
      const span = await upkeep.takePlan(planEveryMs);
      if (span !== undefined) {
        failedFromMs ??= span.fromMs;
        await planTables();
        await planTenants({ ...span, fromMs: Math.min(failedFromMs, span.fromMs) });
        failedFromMs = undefined;
      }
      outages.recovered("lake");
      return jitter(planEveryMs);
    },
    onError: (error) => outages.failed("lake", error),
  });
  return { stop: () => loop.stop() };
}
