import { randomUUID } from "node:crypto";
import { resolve } from "node:path";

import type { IngestBus } from "@millrace/bus";
import type { Config } from "@millrace/config";
import { MillraceError } from "@millrace/contract";
import type { MaterialiserHealth } from "@millrace/lake/materialise";
import { createPostgresLakeStore, type Database, type TableStore } from "@millrace/storage";
import type { Logger, Metrics } from "@millrace/telemetry";

import { checkDependency, type ReadyCheck } from "../readiness.ts";
import { within } from "../within.ts";
import { startLoop } from "../worker/loop.ts";
import { createObjectStore } from "./object-store.ts";
import { startHistoryExport } from "./start-history-export.ts";

export type { MaterialiserHealth } from "@millrace/lake/materialise";

export interface StartMaterialiserOptions {
  readonly db: Database;
  readonly bus: IngestBus;
  readonly tables: TableStore;
  readonly lake: Config["lake"];
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface RunningMaterialiser {
  readonly health: () => MaterialiserHealth;
  /** Whether it can write: the object store answers, and ranges are written. Never rejects. */
  checkReady(): Promise<readonly ReadyCheck[]>;
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
  const { db, bus, tables, lake, logger, metrics } = options;
  const { createFileWriter, createHistoryExporter, createMaterialiser } = await loadLake();
  const { flushMs, flushRows, flushBytes, leaseMs, memoryBytes, threads } = lake;
  const directory = resolve(lake.cacheDirectory);
  const objects = await createObjectStore(lake);
  const writer = createFileWriter({ memoryBytes, threads, directory });
  const materialiser = createMaterialiser({
    bus,
    tables,
    lake: createPostgresLakeStore(db),
    objects,
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
  const history = lake.jobHistory
    ? startHistoryExport({ db, tables, objects, lake, logger, createHistoryExporter })
    : undefined;
  let isFailing = false;
  const upkeep = startLoop({
    firstDelayMs: 0,
    async step() {
      await bus.requeueExpired();
      await bus.upkeep();
      isFailing = false;
      return upkeepEveryMs;
    },
    onError(err) {
      if (!isFailing)
        logger.warn({ err, component: "events" }, "The log of events can't be kept in order; it is tried again");
      isFailing = true;
    },
  });
  return {
    health: materialiser.health,
    checkReady: () =>
      Promise.all([
        checkDependency({ name: "objectStore", ping: () => objects.ping() }),
        checkDependency({ name: "materialiser", ping: async () => requireWriting(materialiser.health()) }),
      ]),
    async stop({ graceMs = graceMsDefault } = {}) {
      await within(graceMs, Promise.all([materialiser.stop(), upkeep.stop(), history?.stop()]));
      // Cuts uploads that the store doesn't answer.
      await objects.close();
      await within(closeMs, writer.close());
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
