import {
  type FileHandle,
  access,
  constants,
  copyFile,
  link,
  mkdir,
  open,
  stat,
  unlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";

import { objectExists } from "./already-exists.ts";
import { errorCode, fsError } from "./fs/fs-error.ts";
import { infoOf, walk } from "./fs/walk.ts";
import { objectNotFound } from "./not-found.ts";
import { checkByteRange, checkObjectPath, checkObjectPrefix } from "./object-path.ts";
import type { ObjectStore } from "./object-store.ts";
import { sourceBytes } from "./source-bytes.ts";
import { makeDurableDirectory, syncDirectory } from "./sync-directory.ts";
import { withTemporaryFile } from "./temporary-file.ts";

export interface FsObjectStoreOptions {
  /** The folder; made where it is not there. All processes of an installation name the same one. */
  readonly root: string;
}

const knownDirectoriesMax = 10_000;

/** Objects as read-only files of a folder. An object is there whole or not at all, and survives a power cut once put has resolved. */
export function createFsObjectStore(options: FsObjectStoreOptions): ObjectStore {
  const root = resolve(options.root);
  // The store removes no folder, so each is made durable once in the life of a process.
  const durable = new Map<string, Promise<void>>();

  return {
    kind: "fs",
    async put(path, file) {
      checkObjectPath(path);
      const target = join(root, path);
      return guarded(async () => {
        const bytes = await sourceBytes(file);
        await makeDirectory(dirname(target));
        await withTemporaryFile(
          target,
          (copy) => copyFile(file, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE),
          (copy) => place(path, copy),
        );
        return { bytes };
      });
    },
    async head(path) {
      checkObjectPath(path);
      return guarded(() => infoOf(root, path));
    },
    async read(path, range) {
      checkObjectPath(path);
      if (range !== undefined) checkByteRange(range);
      return guarded(async () => {
        const file = await openObject(path);
        if (range === undefined) return file.createReadStream();
        if (range.start < range.end) return file.createReadStream({ start: range.start, end: range.end - 1 });
        await file.close();
        return Readable.from([]);
      });
    },
    async fetch(path) {
      checkObjectPath(path);
      return guarded(async () => {
        if ((await infoOf(root, path)) === undefined) throw objectNotFound(path);
        return join(root, path);
      });
    },
    async delete(paths) {
      for (const path of paths) checkObjectPath(path);
      await guarded(async () => {
        const changed = new Set<string>();
        for (const path of paths) if (await isRemoved(join(root, path))) changed.add(dirname(join(root, path)));
        for (const directory of changed) await syncDirectory(directory);
      });
    },
    async *list(prefix) {
      checkObjectPrefix(prefix);
      try {
        yield* walk(root, prefix);
      } catch (error) {
        throw fsError(root, error);
      }
    },
    // By the clock that dates the files: that of the server, where the folder is of another machine.
    async now() {
      return guarded(async () => {
        await mkdir(root, { recursive: true });
        const touch = async (file: string): Promise<Date> => {
          await writeFile(file, "x", { flag: "wx" });
          return (await stat(file)).mtime;
        };
        return withTemporaryFile(join(root, "now"), touch, async () => {});
      });
    },
    async ping() {
      await guarded(async () => {
        await mkdir(root, { recursive: true });
        await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
      });
    },
    close: async () => {},
  };

  async function guarded<Value>(run: () => Promise<Value>): Promise<Value> {
    try {
      return await run();
    } catch (error) {
      // A folder that was known has gone; the next put makes it again.
      if (errorCode(error) === "ENOENT") durable.clear();
      throw fsError(root, error);
    }
  }

  async function makeDirectory(directory: string): Promise<void> {
    const known = durable.get(directory);
    if (known !== undefined) {
      await known;
      return;
    }
    if (durable.size >= knownDirectoriesMax) durable.clear();
    const made = makeDurableDirectory(root, directory);
    durable.set(directory, made);
    try {
      await made;
    } catch (error) {
      durable.delete(directory);
      throw error;
    }
  }

  async function place(path: string, file: string): Promise<void> {
    const target = join(root, path);
    try {
      // Unlike a rename, a link never takes the place of another file.
      await link(file, target);
    } catch (error) {
      throw errorCode(error) === "EEXIST" ? objectExists(path, error) : error;
    }
    await syncDirectory(dirname(target));
  }

  async function openObject(path: string): Promise<FileHandle> {
    if ((await infoOf(root, path)) === undefined) throw objectNotFound(path);
    try {
      return await open(join(root, path), "r");
    } catch (error) {
      throw errorCode(error) === "ENOENT" ? objectNotFound(path, error) : error;
    }
  }
}

/** False where there was no such file: nothing, or a folder. */
async function isRemoved(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
}
