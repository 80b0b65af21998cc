import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { bundledMigrationsDir } from "../migrate/index.ts";
import { emptySnapshot, type Snapshot } from "./drizzle-kit.ts";

/** The schema that all migrations add up to, as drizzle-kit sees it. Two branches that change it conflict here, as they should. */
export const snapshotFile = join(bundledMigrationsDir, "meta", "snapshot.json");

/** Reads the snapshot; an empty one where there is none. */
export async function readSnapshot(): Promise<Snapshot> {
  try {
    return JSON.parse(await readFile(snapshotFile, "utf8")) as Snapshot;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return emptySnapshot();
    throw error;
  }
}

/** Replaces the snapshot. */
export async function writeSnapshot(snapshot: Snapshot): Promise<void> {
  await writeFile(snapshotFile, `${JSON.stringify(snapshot, null, 2)}\n`);
}
