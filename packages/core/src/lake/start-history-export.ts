import { randomUUID } from "node:crypto";
import { resolve } from "node:path";

import type { Config } from "@millrace/config";
import type { createHistoryExporter } from "@millrace/lake/materialise";
import type { HistoryStore, TableStore } from "@millrace/storage";

import { startLoop } from "../worker/loop.ts";
import type { Outages } from "../worker/outages.ts";
import type { Lake } from "./compose-lake.ts";

export interface StartHistoryExportOptions {
  readonly history: HistoryStore;
  readonly tables: TableStore;
  readonly lake: Pick<Lake, "store" | "objects">;
  readonly settings: Pick<Config["lake"], "cacheDirectory" | "historyFlushMs" | "memoryBytes">;
  readonly outages: Outages;
  /** Handed in: it comes with DuckDB. */
  readonly createHistoryExporter: typeof createHistoryExporter;
}

/** How often a quiet queue is looked at: what finishes first after a pause is soon there, and a busy queue makes few files. */
const lookEveryMs = 1_000;
const memoryBytesMax = 268_435_456;

/** Starts to copy finished jobs into the lake. Any number of processes may: one of them works. */
export function startHistoryExport(options: StartHistoryExportOptions): { stop(): Promise<void> } {
  const { history, tables, lake, settings, outages } = options;
  const exporter = options.createHistoryExporter({
    history,
    tables,
    lake: lake.store,
    objects: lake.objects,
    owner: randomUUID(),
    directory: resolve(settings.cacheDirectory),
    memoryBytes: Math.min(settings.memoryBytes, memoryBytesMax),
    threads: 1,
  });
  const loop = startLoop({
    firstDelayMs: 0,
    async step() {
      const progress = await exporter.step();
      outages.recovered("history");
      if (progress === "more") return 0;
      return progress === "exported" ? settings.historyFlushMs : Math.min(lookEveryMs, settings.historyFlushMs);
    },
    onError: (error) => outages.failed("history", error),
  });
  return {
    async stop() {
      await loop.stop();
      // The lease of a database that is away runs out by itself.
      await exporter.close().catch(() => undefined);
    },
  };
}
