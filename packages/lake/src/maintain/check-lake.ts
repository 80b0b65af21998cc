import { type Column, isMillraceError } from "@millrace/contract";
import type { CataloguedFile, LakeUpkeep, ObjectStore, TableStore } from "@millrace/storage";

import type { DuckdbSession } from "../materialise/duckdb-session.ts";
import { checkFile, type FileFault } from "./check-file.ts";
import { markExpired } from "./mark-expired.ts";
import { withObject } from "./with-object.ts";

export interface CheckContext {
  readonly upkeep: Pick<LakeUpkeep, "expire" | "filesToCheck" | "isSweeping" | "passCheck">;
  readonly tables: Pick<TableStore, "columnsOf">;
  readonly objects: Pick<ObjectStore, "kind" | "head" | "fetch" | "read">;
  readonly duckdb: DuckdbSession;
  readonly settings: { readonly snapshotRetentionMs: number };
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
 * rows and the field ids of the catalogue. It asks the store itself, never a copy. A whole check without a fault is noted, and after a restore the last of them lets deletion go on. @throws UNAVAILABLE
 */
export async function checkLake(
  context: CheckContext,
  { tenantNo, tableId, share: wanted = 1 }: CheckInput,
  signal?: AbortSignal,
): Promise<CheckReport> {
  const report = { filesChecked: 0, filesRead: 0, faults: 0 };
  const isSweeping = await context.upkeep.isSweeping();
  const share = isSweeping ? wanted : 1;
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
      return await context.duckdb.withConnection((connection, scratch) =>
        withObject(context.objects, file.path, scratch, (localPath) => checkFile(connection, file, localPath, columns)),
      );
    } catch (error) {
      if (isMillraceError(error, "NOT_FOUND")) return "missing";
      throw error;
    }
  }

  /** It may have been marked since the list was read, and then deleted rightly. */
  async function isKept({ fileId }: CataloguedFile): Promise<boolean> {
    const [next] = await context.upkeep.filesToCheck({ tenantNo, tableId, afterFileId: fileId - 1, limit: 1 });
    return next?.fileId === fileId;
  }

  // A restored catalogue still counts snapshots that have expired since, and their files may be gone: those are not asked for.
  if (!isSweeping) {
    await markExpired(context.upkeep, { tenantNo, retentionMs: context.settings.snapshotRetentionMs }, signal);
  }
  while (signal?.aborted !== true) {
    const files = await context.upkeep.filesToCheck({ tenantNo, tableId, afterFileId, limit: filesAtOnce });
    for (const file of files) {
      signal?.throwIfAborted();
      const fault = await check(file);
      report.filesChecked++;
      if (fault === undefined || !(await isKept(file))) continue;
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
