import { v7 as uuidv7 } from "uuid";

import type { EventTable, LakeFile } from "@millrace/storage";

import type { CompactContext } from "./compact-table.ts";
import { rewriteFiles } from "./rewrite-files.ts";

/** What has become of rows that were kept long enough. */
export interface RetentionReport {
  readonly table: string;
  readonly filesEnded: number;
  readonly filesRewritten: number;
  readonly rowsRemoved: number;
}

const dayMs = 86_400_000;
/** Where others merge the same files at the same time, later will do. */
const triesMax = 3;

/**
 * Removes rows of a table that came in more than `retentionDays` ago: files that have no younger row end; a file that has both is written anew once
 * its oldest row is a tenth of the time overdue, a day at least. Rows go in the order of offsets, so that of a table with a primary key no deletion goes before the
 * row that it hides. @throws what `rewriteFiles` throws
 */
export async function retainTable(
  context: CompactContext,
  table: RetainedTable,
  nowMs: number,
  signal?: AbortSignal,
): Promise<RetentionReport> {
  const report = { table: table.name, filesEnded: 0, filesRewritten: 0, rowsRemoved: 0 };
  for (let tries = 0; tries < triesMax; tries++) {
    signal?.throwIfAborted();
    if (await retain(context, table, nowMs, report, signal)) break;
  }
  return report;
}

export type RetainedTable = EventTable & { readonly retentionDays: number };

/** False when a file was not live any more. */
async function retain(
  context: CompactContext,
  table: RetainedTable,
  nowMs: number,
  report: { filesEnded: number; filesRewritten: number; rowsRemoved: number },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const cutMs = nowMs - table.retentionDays * dayMs;
  const live = await context.lake.liveFiles(table.tableId);
  const ends = endsOf(live, cutMs);
  signal?.throwIfAborted();
  if (ends.length > 0) {
    const { tenantNo } = table;
    const ended = await context.lake.publish({
      tenantNo,
      kind: "retention",
      batchId: uuidv7(),
      adds: [],
      ends: ends.map(({ fileId }) => fileId),
    });
    if (ended === undefined) return false;
    report.filesEnded += ends.length;
    report.rowsRemoved += ends.reduce((sum, { rowCount }) => sum + rowCount, 0);
  }
  const left = live.filter((file) => !ends.includes(file));
  const inputs = left.filter(({ minIngestedAt }) => minIngestedAt.getTime() < cutMs);
  const slackMs = Math.max(dayMs, (table.retentionDays * dayMs) / 10);
  if (!inputs.some(({ minIngestedAt }) => minIngestedAt.getTime() < cutMs - slackMs)) return true;
  const others = left.filter((file) => !inputs.includes(file));
  const othersFrom = Math.min(...others.map(({ minOffset }) => minOffset));
  const from = { ingestedAt: new Date(cutMs), offset: othersFrom };
  const rewritten = await rewriteFiles(context, { table, kind: "retention", inputs, from, signal });
  if (rewritten === undefined) return false;
  report.filesRewritten += inputs.length;
  report.rowsRemoved += rewritten.rowsRead - rewritten.rowsWritten;
  return true;
}

/** Files whose rows are all old, and all below those of every file that stays. */
function endsOf(live: readonly LakeFile[], cutMs: number): readonly LakeFile[] {
  let stay = live.filter(({ maxIngestedAt }) => maxIngestedAt.getTime() >= cutMs);
  for (;;) {
    const from = Math.min(...stay.map(({ minOffset }) => minOffset));
    // An old file whose offsets reach beyond stays, and with it those that it overlaps.
    const now = live.filter((file) => stay.includes(file) || file.maxOffset >= from);
    if (now.length === stay.length) return live.filter((file) => !stay.includes(file));
    stay = now;
  }
}
