import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { drizzleKitPath, tidyStatements, type Snapshot } from "./drizzle-kit.ts";

const packageDir = fileURLToPath(new URL("../../", import.meta.url));
/** The same folder as in drizzle.config.ts. */
const draftDir = join(packageDir, "node_modules", ".cache", "migration-draft");

/** What drizzle-kit made of a change. */
export interface UpDraft {
  readonly statements: readonly string[];
  readonly snapshot: Snapshot;
}

/**
 * Runs `drizzle-kit generate` from a snapshot to the present schema; it asks on the terminal whether a column was renamed.
 * Undefined when there is no change. With `custom` it is an empty migration for SQL written by hand.
 */
export async function draftUp(
  previous: Snapshot,
  { custom, interactive }: { readonly custom: boolean; readonly interactive: boolean },
): Promise<UpDraft | undefined> {
  await prepareDraftDir(previous);
  const args = [
    drizzleKitPath,
    "generate",
    "--config=drizzle.config.ts",
    "--name=draft",
    ...(custom ? ["--custom"] : []),
  ];
  const child = spawn(process.execPath, args, { cwd: packageDir, stdio: interactive ? "inherit" : "ignore" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error("drizzle-kit generate failed");
  const sql = await readFile(join(draftDir, "0001_draft.sql"), "utf8").catch(() => undefined);
  if (sql === undefined) return undefined;
  const snapshot = JSON.parse(await readFile(join(draftDir, "meta", "0001_snapshot.json"), "utf8")) as Snapshot;
  return { statements: custom ? [] : tidyStatements(sql.split("--> statement-breakpoint")), snapshot };
}

/** drizzle-kit keeps a journal of its own numbering; it gets one that ends with the snapshot to start from. */
async function prepareDraftDir(previous: Snapshot): Promise<void> {
  await rm(draftDir, { recursive: true, force: true });
  await mkdir(join(draftDir, "meta"), { recursive: true });
  const entry = { idx: 0, version: "7", when: 0, tag: "0000_previous", breakpoints: true };
  const journal = { version: "7", dialect: "postgresql", entries: [entry] };
  await writeFile(join(draftDir, "meta", "_journal.json"), JSON.stringify(journal));
  await writeFile(join(draftDir, "meta", "0000_snapshot.json"), JSON.stringify(previous));
}
