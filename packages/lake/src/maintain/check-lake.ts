import { type Column, isMillraceError } from "@millrace/contract";
import type { CataloguedFile, FileCache, LakeUpkeep, ObjectStore, TableStore } from "@millrace/storage";

import type { DuckdbSession } from "../materialise/duckdb-session.ts";
import { checkFile, type FileFault } from "./check-file.ts";

export interface CheckContext {
  readonly upkeep: Pick<LakeUpkeep, "filesToCheck" | "knownPaths" | "isSweeping" | "passCheck">;
  readonly tables: Pick<TableStore, "columnsOf">;
  readonly objects: Pick<ObjectStore, "head">;
  readonly files: FileCache;
  readonly duckdb: DuckdbSession;
}

export interface CheckInput {
  readonly tenantNo: number;
  /** Only this table; the tenant then counts as not checked. */
  readonly tableId?: number | undefined;
  /** Share of the files whose content is read; all of them are looked for. Default 1, and 1 whatever is asked for while nothing may be deleted. */
  readonly share?: number | undefined;
}

/** A file that is not what the catalogue says. */
export interface FaultyFile {
  readonly tableId: number;
  readonly path: string;
  readonly fault: FileFault;
}

/** What a check of a tenant's files has found. */
export interface CheckReport {
  readonly filesChecked: number;
  /** Of these, files whose content was read. */
  readonly filesRead: number;
  readonly faults: number;
  /** The first of them. */
  readonly faulty: readonly FaultyFile[];
  /** Whether objects may be deleted: not after a restore, until every tenant has passed. */
  readonly sweeping: boolean | undefined;
}

const filesAtOnce = 200;
const faultyMax = 100;

/**
 * Looks for every file that some snapshot has: whether it is there, as large as it should be and, where its content is read, whether that has the hash, the
 * rows and the field ids of the catalogue. A whole check without a fault is noted, and after a restore the last of them lets deletion go on. @throws UNAVAILABLE
 */
export async function checkLake(
  context: CheckContext,
  { tenantNo, tableId, share: wanted = 1 }: CheckInput,
  signal?: AbortSignal,
): Promise<CheckReport> {
  const report = { filesChecked: 0, filesRead: 0, faults: 0 };
  const share = (await context.upkeep.isSweeping()) ? wanted : 1;
  const faulty: FaultyFile[] = [];
  const versions = new Map<string, Promise<readonly Column[] | undefined>>();
  let afterFileId = 0;

  async function check(file: CataloguedFile): Promise<FileFault | undefined> {
    const info = await context.objects.head(file.path);
    if (info === undefined) return "missing";
    if (info.bytes !== file.fileBytes) return "size";
    if (share < 1 && Math.random() >= share) return undefined;
    report.filesRead++;
    const key = `${file.tableId}.${file.version}`;
    const columns = versions.get(key) ?? context.tables.columnsOf(file.tableId, file.version);
    versions.set(key, columns);
    return read(file, (await columns) ?? []);
  }

  async function read(file: CataloguedFile, columns: readonly Column[]): Promise<FileFault | undefined> {
    try {
      const acquired = await context.files.acquire([{ path: file.path, bytes: file.fileBytes }]);
      try {
        return await context.duckdb.withConnection((connection) =>
          checkFile(connection, file, acquired.localPaths[0] ?? "", columns),
        );
      } finally {
        acquired.release();
      }
    } catch (error) {
      if (isMillraceError(error, "NOT_FOUND")) return "missing";
      throw error;
    }
  }

  while (signal?.aborted !== true) {
    const files = await context.upkeep.filesToCheck({ tenantNo, tableId, afterFileId, limit: filesAtOnce });
    for (const file of files) {
      signal?.throwIfAborted();
      const fault = await check(file);
      report.filesChecked++;
      // It may have been deleted rightly since the list was read.
      if (fault === undefined || !(await context.upkeep.knownPaths([file.path])).includes(file.path)) continue;
      report.faults++;
      if (faulty.length < faultyMax) faulty.push({ tableId: file.tableId, path: file.path, fault });
    }
    afterFileId = files.at(-1)?.fileId ?? afterFileId;
    if (files.length < filesAtOnce) break;
  }
  signal?.throwIfAborted();
  const isWhole = tableId === undefined && share >= 1;
  const sweeping = isWhole && report.faults === 0 ? await context.upkeep.passCheck(tenantNo) : undefined;
  return { ...report, faulty, sweeping };
}
