import { randomUUID } from "node:crypto";
import { resolve } from "node:path";

import type { IngestBus } from "@millrace/bus";
import type { Config } from "@millrace/config";
import { MillraceError } from "@millrace/contract";
import type { MaterialiserHealth } from "@millrace/lake/materialise";
import { createPostgresHistoryStore, type Database, type TableStore } from "@millrace/storage";
import type { Logger, Metrics } from "@millrace/telemetry";

import { checkDependency, type ReadyCheck } from "../readiness.ts";
import { within } from "../within.ts";
import { startLoop } from "../worker/loop.ts";
import { createOutages } from "../worker/outages.ts";
import type { Lake } from "./compose-lake.ts";
import { sampleLag } from "./sample-lag.ts";
import { startHistoryExport } from "./start-history-export.ts";

export type { MaterialiserHealth } from "@millrace/lake/materialise";

export interface StartMaterialiserOptions {
  readonly db: Database;
  readonly bus: IngestBus;
  readonly tables: TableStore;
  /** Stays its owner's; to close its objects cuts uploads that were left. */
  readonly lake: Pick<Lake, "store" | "objects">;
  readonly settings: Config["lake"];
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface RunningMaterialiser {
  readonly health: () => MaterialiserHealth;
  /** Whether ranges are written. Never rejects. */
  checkReady(): Promise<ReadyCheck>;
  /** Takes nothing more, publishes what is under way within `graceMs`, and closes what it has opened. What was not published is written by somebody else. */
  stop(options?: { readonly graceMs?: number | undefined }): Promise<void>;
}

const upkeepEveryMs = 30_000;
const graceMsDefault = 25_000;
const closeMs = 2_000;

/**
 * Starts to carry events from the log into the lake, and finished jobs from their history, and keeps the log in order beside it: expired leases, partitions, generations of keys.
 * Loads DuckDB. @throws INTERNAL where it is not installed or the lake is set up wrong
 */
export async function startMaterialiser(options: StartMaterialiserOptions): Promise<RunningMaterialiser> {
  const { db, bus, tables, lake, settings, logger, metrics } = options;
  const { createFileWriter, createHistoryExporter, createMaterialiser } = await loadLake();
  const { flushMs, flushRows, flushBytes, leaseMs, memoryBytes, threads } = settings;
  const directory = resolve(settings.cacheDirectory);
  const writer = createFileWriter({ memoryBytes, threads, directory });
  const materialiser = createMaterialiser({
    bus,
    tables,
    lake: lake.store,
    objects: lake.objects,
    writer,
    owner: randomUUID(),
    flushMs,
    flushRows,
    flushBytes,
    leaseMs,
    logger,
    metrics,
  });
  await materialiser.start();
  const outages = createOutages(logger);
  const history = settings.jobHistory ? createPostgresHistoryStore(db) : undefined;
  const historyExport =
    history && startHistoryExport({ history, tables, lake, settings, outages, createHistoryExporter });
  const lag = sampleLag({ bus, history, metrics, outages });
  const upkeep = startLoop({
    firstDelayMs: 0,
    async step() {
      await bus.requeueExpired();
      await bus.upkeep();
      outages.recovered("events");
      return upkeepEveryMs;
    },
    onError: (error) => outages.failed("events", error),
  });
  return {
    health: materialiser.health,
    checkReady: () =>
      checkDependency({ name: "materialiser", ping: async () => requireWriting(materialiser.health()) }),
    async stop({ graceMs = graceMsDefault } = {}) {
      try {
        await within(graceMs, Promise.all([materialiser.stop(), upkeep.stop(), historyExport?.stop(), lag.stop()]));
      } finally {
        await within(closeMs, writer.close());
      }
    },
  };
}

function requireWriting({ failing }: MaterialiserHealth): void {
  if (failing) throw new MillraceError("UNAVAILABLE", "Events can't be written into the lake; the log says why.");
}

async function loadLake() {
  try {
    return await import("@millrace/lake/materialise");
  } catch (cause) {
    const message =
      "DuckDB can't be loaded, and events can't be written without it. A worker that only runs jobs goes without: worker.materialise: false.";
    throw new MillraceError("INTERNAL", message, { cause });
  }
}
