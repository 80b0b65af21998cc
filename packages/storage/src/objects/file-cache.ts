import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";

import { MillraceError } from "@millrace/contract";

import { errorCode, fsError } from "./fs/fs-error.ts";
import { createLimiter } from "./limiter.ts";
import { lockFolder } from "./lock-folder.ts";
import type { ObjectStore } from "./object-store.ts";
import { isTemporaryFile } from "./temporary-file.ts";
import { untilAborted } from "./until-aborted.ts";

export interface FileCacheOptions {
  readonly store: ObjectStore;
  /** A folder of this cache alone; made where it is not there. What it holds is adopted. Unused where the store is local. */
  readonly directory: string;
  /** What the files may take. While those in use take more, the cache is as large as they are. */
  readonly bytesMax: number;
  /** Downloads at the same time; default 8. */
  readonly downloadsMax?: number;
}

/** An object and its size, as the catalogue has it. */
export interface CachedFile {
  readonly path: string;
  readonly bytes: number;
}

/** Local files that stay until they are released. */
export interface AcquiredFiles {
  /** In the order of what was asked for; read-only. */
  readonly localPaths: readonly string[];
  /** Says that they are no longer used; more than once is fine. */
  release(): void;
}

/** Local copies of immutable objects. */
export interface FileCache {
  /**
   * Makes objects local files, and keeps them so until released. When the signal fires it waits no longer and starts no more downloads; those
   * under way end by themselves, for whoever wants the same files. @throws NOT_FOUND, UNAVAILABLE, INTERNAL; the signal's reason
   */
  acquire(files: readonly CachedFile[], signal?: AbortSignal): Promise<AcquiredFiles>;
  /** Takes the folder for this cache alone, as the first `acquire` does otherwise. @throws INTERNAL where another process has it */
  open(): Promise<void>;
  /** Lets go of the folder; what it holds stays for the next one. */
  close(): Promise<void>;
}

interface Entry {
  readonly name: string;
  /** What is counted for it: its size, and 0 where it could not be had. */
  bytes: number;
  /** Acquisitions that have not been released. */
  holders: number;
  /** The end of the last check or download. */
  last: Promise<void>;
}

interface Held {
  readonly entry: Entry;
  readonly provided: Promise<void>;
}

/** Keeps copies of a remote store's objects, those used last; of a local store it answers the store's own files. */
export function createFileCache(options: FileCacheOptions): FileCache {
  const { store, bytesMax, downloadsMax = 8 } = options;
  const directory = resolve(options.directory);
  const limited = createLimiter(downloadsMax);
  // In the order of use: what was used last is last.
  const entries = new Map<string, Entry>();
  const removals = new Map<string, Promise<void>>();
  let totalBytes = 0;
  let adopted: Promise<void> | undefined;
  let unlock = (): void => {};

  if (store.kind === "fs") {
    return { acquire: acquireDirectly, open: () => Promise.resolve(), close: () => Promise.resolve() };
  }
  return { acquire, open, close };

  async function acquireDirectly(files: readonly CachedFile[], signal?: AbortSignal): Promise<AcquiredFiles> {
    signal?.throwIfAborted();
    const localPaths = await Promise.all(files.map(({ path }) => limited(() => store.fetch(path, ""))));
    return { localPaths, release: () => {} };
  }

  async function acquire(files: readonly CachedFile[], signal?: AbortSignal): Promise<AcquiredFiles> {
    signal?.throwIfAborted();
    await open();
    const held = files.map((file) => hold(file, signal));
    evict();
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      for (const { entry } of held) entry.holders--;
      evict();
    };
    // All of them, so that nothing is written any more when the holds of a failed acquisition go.
    const settled = Promise.allSettled(held.map(({ provided }) => provided));
    try {
      const outcomes = await (signal === undefined ? settled : untilAborted(settled, signal));
      const failure = outcomes.find((outcome) => outcome.status === "rejected");
      if (failure !== undefined) throw failure.reason;
      return { localPaths: held.map(({ entry }) => join(directory, entry.name)), release };
    } catch (error) {
      if (signal?.aborted !== true) {
        release();
        throw fsError(directory, error);
      }
      void settled.then(release);
      throw signal.reason;
    }
  }

  async function open(): Promise<void> {
    adopted ??= adopt();
    try {
      await adopted;
    } catch (error) {
      unlock();
      unlock = () => {};
      adopted = undefined;
      throw fsError(directory, error);
    }
  }

  async function close(): Promise<void> {
    await adopted?.catch(() => {});
    unlock();
    unlock = () => {};
  }

  /** Takes over what an earlier process left, the oldest as the first to go, and removes what it had not finished. */
  async function adopt(): Promise<void> {
    await mkdir(directory, { recursive: true });
    unlock = lockFolder(directory);
    const found: { readonly name: string; readonly bytes: number; readonly time: number }[] = [];
    for (const name of await readdir(directory)) {
      const file = join(directory, name);
      if (isTemporaryFile(name)) await rm(file, { force: true });
      if (!isCacheName(name)) continue;
      const { size: bytes, mtimeMs: time } = await stat(file);
      found.push({ name, bytes, time });
    }
    for (const { name, bytes } of found.toSorted((a, b) => a.time - b.time)) {
      entries.set(name, { name, bytes, holders: 0, last: Promise.resolve() });
      totalBytes += bytes;
    }
  }

  /** Counts a use from now on: nothing is awaited before, so that nothing can evict the file meanwhile. */
  function hold({ path, bytes }: CachedFile, signal: AbortSignal | undefined): Held {
    const name = cacheName(path);
    const entry = entries.get(name) ?? { name, bytes: 0, holders: 0, last: Promise.resolve() };
    entry.holders++;
    entries.delete(name);
    entries.set(name, entry);
    count(entry, bytes);
    // One after the other for each file: who comes second finds what the first has fetched.
    const provided = entry.last.then(() => provide(entry, { path, bytes }, signal));
    entry.last = provided.catch(() => count(entry, 0));
    return { entry, provided };
  }

  async function provide(entry: Entry, { path, bytes }: CachedFile, signal: AbortSignal | undefined): Promise<void> {
    const file = join(directory, entry.name);
    count(entry, bytes);
    await removals.get(entry.name);
    if ((await sizeOf(file)) === bytes) return;
    await limited(async () => {
      signal?.throwIfAborted();
      await store.fetch(path, file);
    });
    const found = await sizeOf(file);
    if (found === bytes) return;
    throw new MillraceError("INTERNAL", `Object ${path} has ${found} bytes where the catalogue says ${bytes}`);
  }

  function count(entry: Entry, bytes: number): void {
    totalBytes += bytes - entry.bytes;
    entry.bytes = bytes;
  }

  /** Removes what nobody uses, the longest unused first, until there is room. */
  function evict(): void {
    for (const entry of entries.values()) {
      if (totalBytes <= bytesMax) return;
      if (entry.holders > 0) continue;
      entries.delete(entry.name);
      count(entry, 0);
      const removal = rm(join(directory, entry.name), { force: true })
        .catch(() => {})
        .finally(() => removals.delete(entry.name));
      removals.set(entry.name, removal);
    }
  }
}

/** Says nothing about the path but is the same for the same one, and short enough for every file system. */
function cacheName(path: string): string {
  return createHash("sha256").update(path).digest("hex") + extname(path).slice(0, 16);
}

function isCacheName(name: string): boolean {
  return /^[0-9a-f]{64}(?:\.[A-Za-z0-9_-]*)?$/.test(name);
}

/** Undefined where there is no such file. */
async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
