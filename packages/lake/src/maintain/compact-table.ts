import type { EventTable, LakeStore, TableStore } from "@millrace/storage";

import { type CompactionSettings, planCompaction } from "./plan-compaction.ts";
import { type RewriteContext, rewriteFiles } from "./rewrite-files.ts";

export interface CompactContext extends RewriteContext {
  readonly lake: RewriteContext["lake"] & Pick<LakeStore, "liveFiles">;
  readonly tables: Pick<TableStore, "columnsOf" | "tableById">;
}

/** What compacting a table has done. */
export interface CompactionReport {
  readonly table: string;
  readonly merges: number;
  /** Merges that another change of the same files was faster than. */
  readonly lost: number;
  readonly filesMerged: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytesWritten: number;
  /** Files that are live afterwards. */
  readonly files: number;
}

/** After so many merges in a row that came too late somebody else is at the table, and does it. */
const lostMax = 3;

/** Merges files of a table until there is nothing to merge, or `signal` fires. @throws what `rewriteFiles` throws */
export async function compactTable(
  context: CompactContext,
  { tableId, name }: Pick<EventTable, "tableId" | "name">,
  settings: CompactionSettings,
  signal?: AbortSignal,
): Promise<CompactionReport> {
  const report = { merges: 0, lost: 0, filesMerged: 0, rowsRead: 0, rowsWritten: 0, bytesWritten: 0 };
  for (;;) {
    const live = await context.lake.liveFiles(tableId);
    const inputs = planCompaction(live, settings);
    const table = await context.tables.tableById(tableId);
    const isDone = inputs === undefined || table === undefined || table.dropped;
    if (isDone || report.lost >= lostMax || signal?.aborted === true)
      return { table: name, ...report, files: live.length };
    const others = live.filter((file) => !inputs.includes(file));
    const rewritten = await rewriteFiles(context, {
      table,
      kind: "compaction",
      inputs,
      signal,
      // What is published later has higher offsets; what others merge meanwhile keeps those that it has.
      othersFrom: Math.min(...others.map(({ minOffset }) => minOffset)),
    });
    if (rewritten === undefined) {
      report.lost++;
      continue;
    }
    report.merges++;
    report.filesMerged += inputs.length;
    report.rowsRead += rewritten.rowsRead;
    report.rowsWritten += rewritten.rowsWritten;
    report.bytesWritten += rewritten.bytesWritten;
  }
}
