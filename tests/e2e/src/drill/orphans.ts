import { readdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";

import type { MillraceClient } from "@millrace/client";
import { connectDirectly } from "@millrace/storage";

/** The result of a job that keeps the lake in order. @throws where it did not end well */
export async function maintain(
  { jobs, maintenance }: MillraceClient,
  kind: "sweepOrphans" | "checkIntegrity" | "compact",
): Promise<Readonly<Record<string, unknown>>> {
  const { id } = await maintenance[kind]();
  const { status, result, lastError } = await jobs.wait(id, { timeoutMs: 120_000 });
  if (status !== "completed") throw new Error(`The job of ${kind} is ${status}: ${lastError}`);
  return result as Readonly<Record<string, unknown>>;
}

/** The paths of all objects. */
export async function objectsIn(lake: string): Promise<readonly string[]> {
  const entries = await readdir(lake, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(lake.length + 1))
    .toSorted();
}

/** The objects that the catalogue doesn't know. */
export async function orphansIn(lake: string, databaseUrl: string): Promise<readonly string[]> {
  const connection = await connectDirectly({ url: databaseUrl });
  try {
    const files = await connection.query<{ path: string }>({
      name: "drill",
      text: "select path from millrace.lake_files",
    });
    const known = new Set(files.map(({ path }) => path));
    return (await objectsIn(lake)).filter((path) => !known.has(path));
  } finally {
    await connection.close();
  }
}

/** Makes objects older, as if so many hours had passed since they were written. */
export async function age(lake: string, paths: readonly string[], hours: number): Promise<void> {
  for (const path of paths) {
    const file = join(lake, path);
    const then = new Date((await stat(file)).mtimeMs - hours * 3_600_000);
    await utimes(file, then, then);
  }
}
