import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { MillraceError } from "@millrace/contract";

/** The file that is locked; it stays empty. */
export const lockName = "lock";

/** What is locked at present. A database that nothing refers to is closed by the garbage collector, and its lock goes with it. */
const held = new Set<DatabaseSync>();

/**
 * Takes a folder for one owner, until it lets go or its process ends, however that ends: the system holds the lock, not an id of a process,
 * which is the same in every container. @throws INTERNAL where another has it
 */
export function lockFolder(directory: string): () => void {
  const database = new DatabaseSync(join(directory, lockName));
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!(error instanceof Error && "errcode" in error && error.errcode === busy)) throw error;
    throw new MillraceError(
      "INTERNAL",
      `The folder ${directory} is in use by another process, which would delete what this one keeps there; choose another with lake.cacheDirectory (MILLRACE_LAKE_CACHE_DIRECTORY).`,
      { cause: error },
    );
  }
  held.add(database);
  return () => {
    if (held.delete(database)) database.close();
  };
}

/** SQLITE_BUSY */
const busy = 5;
