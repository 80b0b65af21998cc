import type { Dirent } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { isObjectPath } from "../object-path.ts";
import type { ObjectInfo } from "../object-store.ts";
import { isTemporaryFile } from "../temporary-file.ts";
import { errorCode } from "./fs-error.ts";

/** No put takes so long: what is older was left behind by a process that died. */
const leftoverAgeMs = 24 * 3_600_000;

/**
 * The objects below a prefix in the order of paths. What a dead process left behind is removed on the way.
 * @yields each object that is there when its folder is read
 */
export async function* walk(root: string, prefix: string): AsyncGenerator<ObjectInfo> {
  yield* below(root, prefix.slice(0, prefix.lastIndexOf("/") + 1), prefix);
}

// `parent` is empty or ends with a slash.
async function* below(root: string, parent: string, prefix: string): AsyncGenerator<ObjectInfo> {
  for (const entry of await entriesOf(join(root, parent))) {
    const path = parent + entry.name;
    if (entry.isDirectory()) {
      const folder = `${path}/`;
      if (isObjectPath(path) && (folder.startsWith(prefix) || prefix.startsWith(folder))) {
        yield* below(root, folder, prefix);
      }
    } else if (isTemporaryFile(entry.name)) await removeLeftover(join(root, path));
    else if (entry.isFile() && isObjectPath(path) && path.startsWith(prefix)) {
      const info = await infoOf(root, path);
      if (info !== undefined) yield info;
    }
  }
}

/** What an object is; undefined where there is none. */
export async function infoOf(root: string, path: string): Promise<ObjectInfo | undefined> {
  const found = await unlessGone(stat(join(root, path)));
  return found?.isFile() === true ? { path, bytes: found.size, modifiedAt: found.mtime } : undefined;
}

/** Sorted as their whole paths are: a folder's name counts with the slash that follows it. */
async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  const entries = (await unlessGone(readdir(folder, { withFileTypes: true }))) ?? [];
  const keyed = entries.map((entry) => ({ entry, key: entry.isDirectory() ? `${entry.name}/` : entry.name }));
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ entry }) => entry);
}

async function removeLeftover(file: string): Promise<void> {
  const found = await unlessGone(stat(file));
  if (found !== undefined && found.mtimeMs < Date.now() - leftoverAgeMs) await rm(file, { force: true });
}

async function unlessGone<Value>(found: Promise<Value>): Promise<Value | undefined> {
  try {
    return await found;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
