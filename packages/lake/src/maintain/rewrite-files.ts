import { rm } from "node:fs/promises";
import { join } from "node:path";

import type { DuckDBConnection } from "@duckdb/node-api";
import { v7 as uuidv7 } from "uuid";

import { type Column, MillraceError } from "@millrace/contract";
import type {
  EventTable,
  FileCache,
  LakeFile,
  LakeStore,
  NewLakeFile,
  ObjectStore,
  Snapshot,
  SnapshotKind,
  TableStore,
} from "@millrace/storage";

import { quoteName, quoteText, schemaMapText, withSystemColumns } from "../duckdb-types.ts";
import { copyToParquet } from "../materialise/copy-file.ts";
import type { DuckdbSession } from "../materialise/duckdb-session.ts";
import { rowsSql } from "../query/views/view-sql.ts";
import { fingerprint } from "./fingerprint.ts";
import { orderOf } from "./order-of.ts";

/** Where a rewrite is: between any two of these the process may end. */
export type MaintainStep = "written" | "intended" | "uploaded" | "published" | "deleted";

export interface RewriteContext {
  readonly lake: Pick<LakeStore, "intend" | "publish" | "findBatch">;
  readonly tables: Pick<TableStore, "columnsOf">;
  readonly objects: Pick<ObjectStore, "put" | "delete">;
  readonly files: FileCache;
  readonly duckdb: DuckdbSession;
  readonly onStep: (step: MaintainStep) => Promise<void> | void;
}

export interface Rewrite {
  /** With the columns that the result has. */
  readonly table: EventTable;
  readonly kind: SnapshotKind;
  readonly inputs: readonly LakeFile[];
  /** Rows below both the first that came in at this time or later, and this offset, go. */
  readonly from?: { readonly ingestedAt: Date; readonly offset: number };
  /**
   * For tables with a primary key: rows of other files all have offsets from this one on. Without it rows are copied as they are; with it the newest
   * row of each key is left, and deletions below it go, since nothing older is anywhere that they hide.
   */
  readonly othersFrom?: number;
  /** Ends it before its next step; nothing has changed then, and nothing will: who has fired it may wait no longer. */
  readonly signal?: AbortSignal | undefined;
}

export interface Rewritten {
  readonly snapshot: Snapshot;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytesWritten: number;
}

/**
 * Writes the rows of files into one, checks it against them by a second way, and puts it in their place with one snapshot. Undefined when one of
 * the inputs is not live any more: then nothing has changed. @throws INTERNAL when the result is not what it should be, UNAVAILABLE
 */
export async function rewriteFiles(context: RewriteContext, rewrite: Rewrite): Promise<Rewritten | undefined> {
  const acquired = await context.files.acquire(
    rewrite.inputs.map(({ path, fileBytes }) => ({ path, bytes: fileBytes })),
    rewrite.signal,
  );
  let file: string | undefined;
  try {
    const versions = await versionsOf(context.tables, rewrite);
    const written = await context.duckdb.withConnection((connection, scratch) => {
      rewrite.signal?.throwIfAborted();
      file = join(scratch, `${uuidv7()}.parquet`);
      return write(connection, { rewrite, localPaths: acquired.localPaths, versions, file });
    });
    await context.onStep("written");
    rewrite.signal?.throwIfAborted();
    const snapshot = await publish(context, rewrite, written, file ?? "");
    if (snapshot === undefined) return undefined;
    await context.onStep("published");
    const { rowCount, fileBytes } = written ?? { rowCount: 0, fileBytes: 0 };
    const rowsRead = rewrite.inputs.reduce((sum, input) => sum + input.rowCount, 0);
    return { snapshot, rowsRead, rowsWritten: rowCount, bytesWritten: fileBytes };
  } finally {
    acquired.release();
    if (file !== undefined) await rm(file, { force: true });
  }
}

async function versionsOf(
  tables: RewriteContext["tables"],
  { table, inputs }: Rewrite,
): Promise<ReadonlyMap<number, readonly Column[]>> {
  const versions = new Map<number, readonly Column[]>();
  for (const version of new Set(inputs.map((input) => input.version))) {
    const columns = version === table.version ? table.columns : await tables.columnsOf(table.tableId, version);
    if (columns === undefined) throw new MillraceError("INTERNAL", `The table has no version ${version}`);
    versions.set(version, columns);
  }
  return versions;
}

interface Write {
  readonly rewrite: Rewrite;
  readonly localPaths: readonly string[];
  readonly versions: ReadonlyMap<number, readonly Column[]>;
  readonly file: string;
}

/** Undefined where no row is left. */
async function write(
  connection: DuckDBConnection,
  { rewrite, localPaths, versions, file }: Write,
): Promise<NewLakeFile | undefined> {
  const { table, inputs, from } = rewrite;
  const { columns, primaryKey, tableId, tenantNo, version } = table;
  const all = withSystemColumns(columns);
  const files = inputs.map((input, index) => ({ localPath: localPaths[index] ?? "", version: input.version }));
  const rows = rowsSql({ columns, primaryKey, files, versions }, all);
  const isStored = rowsOf(inputs) === (await fingerprint(connection, rows, columns)).rowCount;
  if (!isStored)
    throw new MillraceError("INTERNAL", `Files of the table ${table.name} don't have the rows that they should`);
  const selected = `select * from (${rows}) where ${from === undefined ? "true" : await isKept(connection, rows, from)}`;
  const query = resultSql(selected, rewrite);
  const names = all.map(({ name }) => quoteName(name)).join(", ");
  const written = await copyToParquet(connection, `select ${names} from (${query}) ${orderOf(table)}`, columns, file);
  const result = `select ${names} from read_parquet([${quoteText(file)}], schema = ${schemaMapText(all)})`;
  const expected = await fingerprint(connection, provenSql(selected, rewrite), columns);
  const found = await fingerprint(connection, result, columns);
  if (expected.rowCount !== found.rowCount || expected.hash !== found.hash || found.rowCount !== written.rowCount) {
    throw new MillraceError(
      "INTERNAL",
      `A rewrite of ${inputs.length} files of the table ${table.name} has other rows than they`,
    );
  }
  if (written.rowCount === 0) return undefined;
  const path = `${tenantNo}/${tableId}/${uuidv7()}.parquet`;
  return { ...written, ...(await boundsOf(connection, result)), tableId, version, path };
}

/** Every row below an offset goes and none above: a time would not do, since rows that came in together are not in the order of both. */
async function isKept(
  connection: DuckDBConnection,
  rows: string,
  { ingestedAt, offset }: Exclude<Rewrite["from"], undefined>,
): Promise<string> {
  const first = await connection.runAndReadAll(
    `select min(_offset) from (${rows}) where _ingested_at >= timestamptz ${quoteText(ingestedAt.toISOString())}`,
  );
  const [[young] = []] = first.getRowsJson();
  const from = Math.min(young === null || young === undefined ? Number.POSITIVE_INFINITY : Number(young), offset);
  return Number.isFinite(from) ? `_offset >= ${from}` : "false";
}

/** What is written. */
function resultSql(selected: string, { table, othersFrom }: Rewrite): string {
  if (othersFrom === undefined || table.primaryKey.length === 0) return selected;
  return `select * from (${selected} qualify row_number() over (partition by ${keyOf(table)} order by _offset desc) = 1) where ${staysVisible(othersFrom)}`;
}

/** The same rows found another way: a fault of one of the two shows. */
function provenSql(selected: string, { table, othersFrom }: Rewrite): string {
  if (othersFrom === undefined || table.primaryKey.length === 0) return selected;
  return `select * from (${selected}) where _offset in (select max(_offset) from (${selected}) group by ${keyOf(table)}) and ${staysVisible(othersFrom)}`;
}

function staysVisible(othersFrom: number): string {
  return Number.isFinite(othersFrom) ? `(_op <> 'delete' or _offset >= ${othersFrom})` : "_op <> 'delete'";
}

function keyOf({ columns, primaryKey }: EventTable): string {
  return columns
    .filter(({ fieldId }) => primaryKey.includes(fieldId))
    .map(({ name }) => quoteName(name))
    .join(", ");
}

function rowsOf(files: readonly LakeFile[]): number {
  return files.reduce((sum, { rowCount }) => sum + rowCount, 0);
}

async function boundsOf(
  connection: DuckDBConnection,
  rows: string,
): Promise<Pick<NewLakeFile, "minOffset" | "maxOffset" | "minIngestedAt" | "maxIngestedAt">> {
  const result = await connection.runAndReadAll(
    `select min(_offset), max(_offset), epoch_ms(min(_ingested_at)), epoch_ms(max(_ingested_at)) from (${rows})`,
  );
  const [minOffset, maxOffset, minMs, maxMs] = (result.getRowsJson()[0] ?? []).map(Number);
  return {
    minOffset: minOffset ?? 0,
    maxOffset: maxOffset ?? 0,
    minIngestedAt: new Date(minMs ?? 0),
    maxIngestedAt: new Date(maxMs ?? 0),
  };
}

/** As every file is published: an intent, the upload, and then the transaction that ends the inputs. What is refused is removed at once. */
async function publish(
  { lake, objects, onStep }: RewriteContext,
  { table: { tenantNo }, kind, inputs, signal }: Rewrite,
  written: NewLakeFile | undefined,
  file: string,
): Promise<Snapshot | undefined> {
  const batchId = uuidv7();
  if (written !== undefined) {
    // No lease stands behind it, and none has to: all inputs are live, or nothing is published.
    await lake.intend({ tenantNo, epoch: 0, batchId, paths: [written.path] });
    await onStep("intended");
    await objects.put(written.path, file);
    await onStep("uploaded");
    // An upload may hang for long. What it has left is swept by its intent.
    signal?.throwIfAborted();
  }
  const snapshot = await lake.publish({
    tenantNo,
    kind,
    batchId,
    adds: written === undefined ? [] : [written],
    ends: inputs.map(({ fileId }) => fileId),
  });
  if (snapshot !== undefined || written === undefined) return snapshot;
  const published = await lake.findBatch(batchId);
  // The intent stays for the sweeper, and tells it that there is nothing.
  if (published === undefined) await objects.delete([written.path]);
  return published;
}
