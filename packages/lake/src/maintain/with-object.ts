import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { v7 as uuidv7 } from "uuid";

import type { ObjectStore } from "@millrace/storage";

/**
 * Hands what the store has of an object now to `use`, as a local file: the store's own where it is local, else one in `scratch`, removed afterwards.
 * The bytes are copied as they are: `fetch` would refuse those that are not what was stored, and a checker wants to know.
 */
export async function withObject<Result>(
  objects: Pick<ObjectStore, "kind" | "fetch" | "read">,
  path: string,
  scratch: string,
  use: (localPath: string) => Promise<Result>,
): Promise<Result> {
  const target = join(scratch, `${uuidv7()}.parquet`);
  if (objects.kind === "fs") return use(await objects.fetch(path, target));
  try {
    await pipeline(await objects.read(path), createWriteStream(target, { flags: "wx" }));
    return await use(target);
  } finally {
    await rm(target, { force: true });
  }
}
