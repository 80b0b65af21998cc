import { v7 as uuidv7 } from "uuid";

import type { EventTable, FileCache, LakeStore, LakeUpkeep, ObjectStore, TableStore } from "@millrace/storage";

import { type DuckdbOptions, type DuckdbSession, openDuckdb } from "../materialise/duckdb-session.ts";
import { type CheckInput, checkLake, type CheckReport } from "./check-lake.ts";
import { type CompactionReport, compactTable } from "./compact-table.ts";
import { expireLake, type ExpireReport, type ExpireSettings } from "./expire-lake.ts";
import type { CompactionSettings } from "./plan-compaction.ts";
import { retainTable, type RetentionReport } from "./retain-table.ts";
import type { MaintainStep } from "./rewrite-files.ts";
import { sweepOrphans, type SweepReport, type SweepSettings } from "./sweep-orphans.ts";

export interface MaintainerOptions {
  readonly lake: LakeStore;
  readonly upkeep: LakeUpkeep;
  readonly tables: Pick<TableStore, "columnsOf" | "tableById">;
  readonly objects: ObjectStore;
  readonly files: FileCache;
  readonly duckdb: DuckdbOptions;
  readonly settings: ExpireSettings & SweepSettings & { readonly compaction: CompactionSettings };
  /** Called between steps, for tests. */
  readonly onStep?: ((step: MaintainStep) => Promise<void> | void) | undefined;
}

/** Keeps lakes in order. Every call may run anywhere and more than once at a time, and can be tried again wherever it ended. */
export interface Maintainer {
  compact(table: Pick<EventTable, "tableId" | "name">, signal?: AbortSignal): Promise<CompactionReport>;
  /** Removes rows that are older than the table keeps them, by `nowMs`. */
  retain(
    table: EventTable & { readonly retentionDays: number },
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<RetentionReport>;
  /** Ends the files of a tenant's dropped tables; answers how many. */
  endDropped(tenantNo: number, signal?: AbortSignal): Promise<number>;
  expire(tenantNo: number, signal?: AbortSignal): Promise<ExpireReport>;
  sweep(tenantNo: number, signal?: AbortSignal): Promise<SweepReport>;
  check(input: CheckInput, signal?: AbortSignal): Promise<CheckReport>;
  /** Closes DuckDB; the stores stay their owner's. */
  close(): Promise<void>;
}

const filesAtOnce = 1_000;

/** Makes a maintainer. DuckDB is opened when it is first needed. */
export function createMaintainer(options: MaintainerOptions): Maintainer {
  const { settings, lake, upkeep } = options;
  const duckdb = oneAtATime(openDuckdb(options.duckdb));
  const context = { ...options, duckdb, onStep: options.onStep ?? (() => undefined) };
  return {
    compact: (table, signal) => compactTable(context, table, settings.compaction, signal),
    retain: (table, nowMs, signal) => retainTable(context, table, nowMs, signal),
    async endDropped(tenantNo, signal) {
      let ended = 0;
      for (;;) {
        signal?.throwIfAborted();
        const ends = await upkeep.filesOfDroppedTables(tenantNo, filesAtOnce);
        if (ends.length === 0) return ended;
        signal?.throwIfAborted();
        const snapshot = await lake.publish({ tenantNo, kind: "drop", batchId: uuidv7(), adds: [], ends });
        if (snapshot === undefined) return ended;
        ended += ends.length;
      }
    },
    expire: (tenantNo, signal) => expireLake(context, tenantNo, settings, signal),
    sweep: (tenantNo, signal) => sweepOrphans(context, tenantNo, settings, signal),
    check: (input, signal) => checkLake(context, input, signal),
    close: () => duckdb.close(),
  };
}

/** The memory that DuckDB may take is meant for one write: those that come meanwhile wait. */
function oneAtATime(session: DuckdbSession): DuckdbSession {
  let last: Promise<unknown> = Promise.resolve();
  return {
    withConnection(use) {
      const mine = last.then(() => session.withConnection(use));
      last = mine.catch(() => undefined);
      return mine;
    },
    close: () => session.close(),
  };
}
