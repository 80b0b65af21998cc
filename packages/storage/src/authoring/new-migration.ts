import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { bundledMigrationsDir, requiredVersion } from "../migrate/index.ts";
import { draftFiles } from "./draft-files.ts";
import { draftUp } from "./draft-up.ts";
import { readSnapshot, writeSnapshot } from "./snapshot-file.ts";

export interface NewMigration {
  /** Lower case words, joined by underscores. */
  readonly name: string;
  /** An empty one, for SQL written by hand. */
  readonly custom: boolean;
  /** Default: the one that ships. */
  readonly migrationsDir?: string;
  /** Whether drizzle-kit may ask and tell on the terminal; default yes. */
  readonly interactive?: boolean;
}

/**
 * Writes the next numbered pair of files as drafts, and the snapshot they lead to. Answers their name without its ending, or
 * undefined if src/schema has no change to write down.
 */
export async function newMigration({
  name,
  custom,
  migrationsDir = bundledMigrationsDir,
  interactive = true,
}: NewMigration): Promise<string | undefined> {
  const previous = await readSnapshot(migrationsDir);
  const draft = await draftUp(previous, { custom, interactive });
  if (draft === undefined) return undefined;
  const files = await draftFiles(draft.statements, previous, draft.snapshot);
  const tag = `${String(requiredVersion(migrationsDir) + 1).padStart(4, "0")}_${name}`;
  await writeFile(join(migrationsDir, `${tag}.up.sql`), files.up, { flag: "wx" });
  await writeFile(join(migrationsDir, `${tag}.down.sql`), files.down, { flag: "wx" });
  await writeSnapshot(draft.snapshot, migrationsDir);
  return tag;
}
