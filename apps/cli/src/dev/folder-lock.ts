import { DatabaseSync } from "node:sqlite";

/** Held until released or until this process ends, however it ends. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes the lock that a file stands for; undefined while another process has it. Node has no file locks of its own: SQLite takes
 * the operating system's, on every platform, and those never outlive their process, as a file with a process id would.
 */
export function lockFile(path: string): FolderLock | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec("pragma journal_mode = memory; begin exclusive");
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  const busy = 5;
  return error instanceof Error && "errcode" in error && error.errcode === busy;
}
