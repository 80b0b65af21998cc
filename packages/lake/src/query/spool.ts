import { mkdirSync, mkdtempSync } from "node:fs";
import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { MillraceError } from "@millrace/contract";

/** A folder of one engine for results on their way. */
export interface Spool {
  /** Where the result of a query may be written; the folder is made again where it has been cleared away. */
  pathFor(id: number): Promise<string>;
  close(): Promise<void>;
}

const namePrefix = "millrace-query-";
/** A folder that lives is touched every minute. Ids of processes tell nothing: in containers all are the same. */
const touchMs = 60_000;
const deadMs = 10 * touchMs;

/** Makes the folder, and removes those that processes left behind when they were killed. @throws UNAVAILABLE with a sentence for a person */
export function openSpool(parent = tmpdir()): Spool {
  const own = makeOwn(resolve(parent));
  void removeDead(resolve(parent));
  const timer = setInterval(() => {
    const now = new Date();
    utimes(own, now, now).catch(() => undefined);
  }, touchMs).unref();
  return {
    async pathFor(id) {
      await mkdir(own, { recursive: true, mode: 0o700 });
      return join(own, String(id));
    },
    async close() {
      clearInterval(timer);
      await rm(own, { recursive: true, force: true });
    },
  };
}

function makeOwn(parent: string): string {
  try {
    mkdirSync(parent, { recursive: true });
    return mkdtempSync(join(parent, namePrefix));
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new MillraceError(
      "UNAVAILABLE",
      `Results of queries can't be written to the folder ${parent} (${reason}); choose another with query.spoolDirectory (MILLRACE_QUERY_SPOOL_DIRECTORY).`,
      { cause: error },
    );
  }
}

/** What can't be removed, as the folder of another user, stays. */
async function removeDead(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(namePrefix))) {
    const folder = join(parent, name);
    try {
      if (Date.now() - (await stat(folder)).mtimeMs > deadMs) await rm(folder, { recursive: true, force: true });
    } catch {
      continue;
    }
  }
}
