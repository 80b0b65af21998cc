import { join, resolve } from "node:path";

import type { Config } from "@millrace/config";
import { MillraceError } from "@millrace/contract";
import type { Maintainer } from "@millrace/lake/maintain";
import {
  createFileCache,
  createPostgresLakeUpkeep,
  type Database,
  type DatabaseClock,
  type JobStore,
  type TableStore,
} from "@millrace/storage";
import type { Logger, Metrics } from "@millrace/telemetry";

import type { Lake } from "../lake/compose-lake.ts";
import type { JobDefinition } from "../worker/define-job.ts";
import { createMaintenanceJobs } from "./jobs.ts";
import { type MaintenancePlanner, startMaintenancePlanner } from "./planner.ts";

export interface StartMaintenanceOptions {
  readonly db: Database;
  readonly store: JobStore;
  readonly tables: TableStore;
  readonly clock: DatabaseClock;
  /** Stays its owner's. */
  readonly lake: Pick<Lake, "store" | "objects">;
  readonly settings: Config["lake"];
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How often tables are looked at; default 10,000. */
  readonly planEveryMs?: number | undefined;
}

export interface RunningMaintenance {
  /** The job types `lake.*`, for a worker of this process. */
  readonly handlers: readonly JobDefinition[];
  /** Begins to enqueue what is due, for every tenant. */
  plan(): void;
  /** Plans nothing more. */
  stopPlanning(): Promise<void>;
  /** Closes what was opened; after the worker has stopped. */
  close(): Promise<void>;
}

/** Prepares what keeps lakes in order. Loads DuckDB. @throws INTERNAL where it is not installed or the lake is set up wrong */
export async function startMaintenance(options: StartMaintenanceOptions): Promise<RunningMaintenance> {
  const { db, store, tables, clock, lake, settings, logger, metrics } = options;
  const { createMaintainer, planCompaction } = await loadLake();
  const { objects } = lake;
  const directory = resolve(settings.cacheDirectory);
  const files = createFileCache({
    store: objects,
    directory: join(directory, "maintenance"),
    // What was merged is not read again: nothing stays longer than a merge needs it, and the room is the queries'.
    bytesMax: 0,
  });
  const upkeep = createPostgresLakeUpkeep(db);
  const maintainer: Maintainer = createMaintainer({
    lake: lake.store,
    upkeep,
    tables,
    objects,
    files,
    duckdb: { memoryBytes: settings.memoryBytes, threads: settings.threads, directory },
    settings,
  });
  let planner: MaintenancePlanner | undefined;
  return {
    handlers: createMaintenanceJobs({ maintainer, upkeep, tables, clock, metrics }),
    plan() {
      const { compaction } = settings;
      planner ??= startMaintenancePlanner({
        store,
        upkeep,
        liveFilesMin: Math.min(compaction.tierRatio, compaction.inputsMax),
        wantsCompaction: (live) => planCompaction(live, compaction) !== undefined,
        settings,
        logger,
        metrics,
        planEveryMs: options.planEveryMs,
      });
    },
    async stopPlanning() {
      await planner?.stop();
    },
    async close() {
      await planner?.stop();
      await maintainer.close();
      await files.close();
    },
  };
}

async function loadLake() {
  try {
    return await import("@millrace/lake/maintain");
  } catch (cause) {
    throw new MillraceError("INTERNAL", "DuckDB can't be loaded, and the lake can't be kept in order without it.", {
      cause,
    });
  }
}
