import { randomUUID } from "node:crypto";
import { resolve } from "node:path";

import type { Config } from "@millrace/config";
import type { createHistoryExporter } from "@millrace/lake/materialise";
import {
  createPostgresHistoryStore,
  createPostgresLakeStore,
  type Database,
  type ObjectStore,
  type TableStore,
} from "@millrace/storage";
import type { Logger } from "@millrace/telemetry";

import { startLoop } from "../worker/loop.ts";

export interface StartHistoryExportOptions {
  readonly db: Database;
  readonly tables: TableStore;
  readonly objects: ObjectStore;
  readonly lake: Pick<Config["lake"], "cacheDirectory" | "historyFlushMs" | "memoryBytes">;
  readonly logger: Logger;
  /** Handed in: it comes with DuckDB. */
  readonly createHistoryExporter: typeof createHistoryExporter;
}

/** How often a quiet queue is looked at: what finishes first after a pause is soon there, and a busy queue makes few files. */
const lookEveryMs = 1_000;
const memoryBytesMax = 268_435_456;

/** Starts to copy finished jobs into the lake. Any number of processes may: one of them works. */
export function startHistoryExport(options: StartHistoryExportOptions): { stop(): Promise<void> } {
  const { db, tables, objects, lake, logger } = options;
  const exporter = options.createHistoryExporter({
    history: createPostgresHistoryStore(db),
    tables,
    lake: createPostgresLakeStore(db),
    objects,
    owner: randomUUID(),
    directory: resolve(lake.cacheDirectory),
    memoryBytes: Math.min(lake.memoryBytes, memoryBytesMax),
    threads: 1,
  });
  let isFailing = false;
  const loop = startLoop({
    firstDelayMs: 0,
    async step() {
      const progress = await exporter.step();
      isFailing = false;
      if (progress === "more") return 0;
      return progress === "exported" ? lake.historyFlushMs : Math.min(lookEveryMs, lake.historyFlushMs);
    },
    onError(err) {
      if (!isFailing)
        logger.warn({ err, component: "history" }, "Finished jobs can't be copied into the lake; it is tried again");
      isFailing = true;
    },
  });
  return {
    async stop() {
      await loop.stop();
      // The lease of a database that is away runs out by itself.
      await exporter.close().catch(() => undefined);
    },
  };
}
