import { type Column, isMillraceError, MillraceError } from "@millrace/contract";
import type { QueryFile, QueryTable } from "@millrace/lake/query";
import type { EventTable, LakeFile, Snapshot } from "@millrace/storage";

import type { QueryCtx } from "./context.ts";

/** Files of tables that stay readable until they are released. */
export interface OpenTables {
  readonly tables: readonly QueryTable[];
  readonly files: number;
  release(): void;
}

export interface Wanted {
  readonly snapshot: Snapshot | undefined;
  readonly tables: readonly EventTable[];
  /** Fires when they are not wanted any more. */
  readonly signal: AbortSignal;
}

/**
 * The tables' files in a snapshot, as local files.
 * @throws SNAPSHOT_EXPIRED when it has expired meanwhile, INTEGRITY_CHECK_FAILED when a file is missing that it holds, UNAVAILABLE; the signal's reason
 */
export async function openTables(ctx: QueryCtx, { snapshot, tables, signal }: Wanted): Promise<OpenTables> {
  const ids = tables.map(({ tableId }) => tableId);
  const held = async () => (snapshot === undefined || ids.length === 0 ? [] : ctx.lake.filesOf(snapshot, ids));
  const files = await held();
  const { localPaths, release } = await acquire(ctx, { files, held, signal });
  try {
    const paths = new Map(files.map((file, at) => [file, localPaths[at] ?? ""]));
    const opened = tables.map(async (table) => {
      const own = files.filter(({ tableId }) => tableId === table.tableId);
      return {
        ...toQueryTable(table),
        files: own.map((file): QueryFile => ({ localPath: paths.get(file) ?? "", version: file.version })),
        versions: await versionsOf(ctx, table, own),
      };
    });
    return { tables: await Promise.all(opened), files: files.length, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** A table as the query engine names it: `system.jobs` is `jobs` of the schema `system`. */
export function toQueryTable({ name, columns, primaryKey, system }: EventTable): QueryTable {
  return system
    ? { schema: "system", name: name.slice(name.indexOf(".") + 1), columns, primaryKey, files: [] }
    : { name, columns, primaryKey, files: [] };
}

interface WantedFiles {
  readonly files: readonly LakeFile[];
  /** Asks for them once more. @throws SNAPSHOT_EXPIRED */
  held(): Promise<readonly LakeFile[]>;
  readonly signal: AbortSignal;
}

async function acquire(ctx: QueryCtx, { files, held, signal }: WantedFiles) {
  const wanted = files.map(({ path, fileBytes }) => ({ path, bytes: fileBytes }));
  try {
    return await ctx.files.acquire(wanted, signal);
  } catch (error) {
    if (!isMillraceError(error, "NOT_FOUND")) throw error;
    // A file goes only after its last snapshot has expired, so one that is missed before that is damage.
    if ((await held()).length < files.length) {
      throw new MillraceError("SNAPSHOT_EXPIRED", "The snapshot expired while the query began.", { cause: error });
    }
    throw new MillraceError(
      "INTEGRITY_CHECK_FAILED",
      "A file of the lake is missing. A check by POST /v1/maintenance/integrity says which ones are.",
      { cause: error },
    );
  }
}

/** Older columns matter only inside of structs: columns themselves are found by their field ids. */
async function versionsOf(
  ctx: QueryCtx,
  table: EventTable,
  files: readonly LakeFile[],
): Promise<ReadonlyMap<number, readonly Column[]>> {
  const versions = new Map<number, readonly Column[]>();
  if (!table.columns.some(({ type }) => typeof type !== "string")) return versions;
  for (const version of new Set(files.map((file) => file.version))) {
    const columns = version === table.version ? undefined : await ctx.tables.columnsOf(table.tableId, version);
    if (columns !== undefined) versions.set(version, columns);
  }
  return versions;
}
