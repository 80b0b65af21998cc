import { parseArgs } from "node:util";

import { presentSnapshot } from "./drizzle-kit.ts";
import { newMigration } from "./new-migration.ts";
import { writeSnapshot } from "./snapshot-file.ts";

const { values, positionals } = parseArgs({ options: { custom: { type: "boolean" } }, allowPositionals: true });
const [verb, name = ""] = positionals;

if (verb === "snapshot") {
  await writeSnapshot(presentSnapshot());
} else if (verb === "new" && /^[a-z][a-z0-9_]*$/.test(name)) {
  const tag = await newMigration({ name, custom: values.custom === true });
  if (tag === undefined) fail("src/schema has no change. For SQL written by hand, add --custom.");
  else
    process.stdout.write(
      `Drafted migrations/${tag}.up.sql and .down.sql. Read migrations/README.md, then edit both.\n`,
    );
} else {
  fail("Give the migration a name like add_job_notes.");
}

function fail(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
