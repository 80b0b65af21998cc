import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { bundledMigrationsDir, requiredVersion } from "../migrate/index.ts";
import { draftFiles } from "./draft-files.ts";
import { draftUp } from "./draft-up.ts";
import { readSnapshot, writeSnapshot } from "./snapshot-file.ts";

const { values, positionals } = parseArgs({ options: { custom: { type: "boolean" } }, allowPositionals: true });
process.exitCode = await newMigration(positionals[0] ?? "", values.custom === true);

/** Writes the next numbered pair of files as drafts, and the snapshot they lead to. */
async function newMigration(name: string, custom: boolean): Promise<number> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) return say("Give the migration a name like add_job_notes.", 1);
  const previous = await readSnapshot();
  const draft = await draftUp(previous, custom);
  if (draft === undefined) return say("src/schema has no change. For SQL written by hand, add --custom.", 1);
  const files = await draftFiles(draft.statements, previous, draft.snapshot);
  const tag = `${String(requiredVersion() + 1).padStart(4, "0")}_${name}`;
  await writeFile(join(bundledMigrationsDir, `${tag}.up.sql`), files.up, { flag: "wx" });
  await writeFile(join(bundledMigrationsDir, `${tag}.down.sql`), files.down, { flag: "wx" });
  await writeSnapshot(draft.snapshot);
  return say(`Drafted migrations/${tag}.up.sql and ${tag}.down.sql. Read migrations/README.md, then edit both.`, 0);
}

function say(sentence: string, code: number): number {
  process.stdout.write(`${sentence}\n`);
  return code;
}
