import { rm } from "node:fs/promises";

import type { LoggedEvent, RangeClaim } from "@millrace/bus";
import type { Column } from "@millrace/contract";
import type { NewDeadLetter, TableStore } from "@millrace/storage";

import type { FileWriter, WrittenBatch, WrittenFile } from "./file-writer.ts";
import { isolate } from "./isolate.ts";
import type { Poison } from "./typed-rows.ts";

/** What became of the events of a range: each is in a file or a dead letter; of a table that is dropped, those beyond a bound are only counted. */
export interface WrittenRange {
  readonly files: readonly WrittenFile[];
  readonly deadLetters: readonly NewDeadLetter[];
  readonly discarded: number;
}

export interface WriteRangeOptions {
  readonly tables: Pick<TableStore, "tableById" | "columnsOf">;
  readonly writer: FileWriter;
  /** Failures of a range after which the event that is at fault is looked for. */
  readonly isolateAfter: number;
}

/** Events of a dropped table in a range that become dead letters; nobody reads more, and they are rows of PostgreSQL. */
const droppedLettersMax = 1_000;

/** Writes a range to local files, one or more for each table in it; the files are the caller's to delete. Leaves none when it fails. */
export async function writeRange(claim: RangeClaim, options: WriteRangeOptions): Promise<WrittenRange> {
  const files: WrittenFile[] = [];
  const deadLetters: NewDeadLetter[] = [];
  let discarded = 0;
  try {
    for (const [tableId, events] of Map.groupBy(claim.events, (event) => event.tableId)) {
      const written = await writeTable(tableId, events, claim, options);
      files.push(...written.files);
      deadLetters.push(...toDeadLetters(written.poison, events));
      discarded += written.discarded ?? 0;
    }
    return { files, deadLetters, discarded };
  } catch (error) {
    await removeFiles(files);
    throw error;
  }
}

/** Deletes the local files of a range. */
export async function removeFiles(files: readonly WrittenFile[]): Promise<void> {
  await Promise.all(files.map(({ file }) => rm(file, { force: true })));
}

async function writeTable(
  tableId: number,
  events: readonly LoggedEvent[],
  { failures }: RangeClaim,
  { tables, writer, isolateAfter }: WriteRangeOptions,
): Promise<WrittenBatch & { readonly discarded?: number }> {
  // Read anew for every range: the columns in force are those that the files get.
  const table = await tables.tableById(tableId);
  if (table === undefined) return { files: [], poison: events.map(unknownTable) };
  if (table.dropped) {
    const poison = events.slice(0, droppedLettersMax).map(ofDroppedTable);
    return { files: [], poison, discarded: events.length - poison.length };
  }
  const versions = new Map<number, readonly Column[]>();
  for (const version of new Set(events.map((event) => event.version))) {
    const columns = version === table.version ? table.columns : await tables.columnsOf(tableId, version);
    if (columns !== undefined) versions.set(version, columns);
  }
  const batch = { table, versions, events };
  return failures >= isolateAfter ? isolate(writer, batch) : writer.write(batch);
}

function unknownTable({ offset, tableId }: LoggedEvent): Poison {
  return { offset, code: "UNKNOWN_TABLE", path: "", message: `There is no table ${tableId}.` };
}

function ofDroppedTable({ offset }: LoggedEvent): Poison {
  return { offset, code: "TABLE_DROPPED", path: "", message: "The table was dropped before the event was written." };
}

function toDeadLetters(poison: readonly Poison[], events: readonly LoggedEvent[]): readonly NewDeadLetter[] {
  const reasons = new Map(poison.map((reason) => [reason.offset, reason]));
  return events.flatMap((event) => {
    const reason = reasons.get(event.offset);
    return reason === undefined ? [] : [{ ...event, ...reason }];
  });
}
