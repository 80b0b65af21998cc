import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { bundledMigrationsDir } from "../migrate/index.ts";
import { emptySnapshot, type Snapshot } from "./drizzle-kit.ts";

/** The schema that all migrations add up to, as drizzle-kit sees it. Two branches that change it conflict here, as they should. */
function fileIn(migrationsDir: string): string {
  return join(migrationsDir, "meta", "snapshot.json");
}

/** Reads the snapshot; an empty one where there is none. */
export async function readSnapshot(migrationsDir: string = bundledMigrationsDir): Promise<Snapshot> {
  try {
    return JSON.parse(await readFile(fileIn(migrationsDir), "utf8")) as Snapshot;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return emptySnapshot();
    throw error;
  }
}

/** Replaces the snapshot. */
export async function writeSnapshot(snapshot: Snapshot, migrationsDir: string = bundledMigrationsDir): Promise<void> {
  await writeFile(fileIn(migrationsDir), `${JSON.stringify(snapshot, null, 2)}\n`);
}
