import { expect, test } from "vitest";

import { requiredVersion } from "./check-schema.ts";
import { migrationsFolder, shop } from "./migrations.test.support.ts";
import { bundledMigrationsDir, readMigrations } from "./read-migrations.ts";

const up = "select 1;\n";

test("a folder is read in order of version, with a checksum of each file", async () => {
  const migrations = await readMigrations(await migrationsFolder(shop));
  expect(migrations.map(({ version, name }) => [version, name])).toEqual([
    [1, "customers"],
    [2, "touch"],
    [3, "customers_name"],
  ]);
  expect(new Set(migrations.flatMap((migration) => [migration.up.checksum, migration.down.checksum])).size).toBe(6);
});

test.each([
  ["a missing down file", { "0001_a.up.sql": up }, "invalid", "0001_a.down.sql is missing."],
  ["a missing up file", { "0001_a.down.sql": up }, "invalid", "0001_a.up.sql is missing."],
  ["a bad name", { "1_a.up.sql": up }, "invalid", "1_a.up.sql is not named like 0007_add_something.up.sql."],
  ["a gap", pair("0001_a", "0003_c"), "gap", "There is no migration 2, but there is 0003_c."],
  ["a number used twice", pair("0001_a", "0001_b"), "invalid", "0001_b uses a number that is taken."],
  ["an empty file", pair("0001_a", { up: "-- nothing\n" }), "invalid", "0001_a.up.sql has no statement."],
  [
    "a commit of its own",
    pair("0001_a", { up: "select 1; commit; select 2;" }),
    "invalid",
    "0001_a.up.sql must not begin, commit or roll back: the runner does that.",
  ],
  [
    "CONCURRENTLY in a transaction",
    pair("0001_a", { up: "create index concurrently if not exists i on t (a);" }),
    "invalid",
    '0001_a.up.sql needs the marker "-- millrace:no-transaction" for CONCURRENTLY.',
  ],
  [
    "two statements without a transaction",
    pair("0001_a", { up: "-- millrace:no-transaction\nvacuum; analyze;" }),
    "invalid",
    "0001_a.up.sql is no-transaction: it may have one statement only.",
  ],
  [
    "a statement that can't be repeated without a transaction",
    pair("0001_a", { up: "-- millrace:no-transaction\ncreate index concurrently i on t (a);" }),
    "invalid",
    "0001_a.up.sql is no-transaction: its statement needs IF EXISTS or IF NOT EXISTS.",
  ],
  [
    "a no-transaction down of a transactional up",
    pair("0001_a", { down: "-- millrace:no-transaction\nvacuum;" }),
    "invalid",
    "0001_a.down.sql may be no-transaction only if 0001_a.up.sql is.",
  ],
  [
    "an unknown marker",
    pair("0001_a", { up: "-- millrace:fast\nselect 1;" }),
    "invalid",
    '0001_a.up.sql: there is no marker "millrace:fast".',
  ],
  [
    "a lossy marker without a reason",
    pair("0001_a", { down: "-- millrace:lossy\nselect 1;" }),
    "invalid",
    "0001_a.down.sql: the lossy and irreversible markers need a reason after them.",
  ],
  [
    "a timeout that is none",
    pair("0001_a", { up: "-- millrace:statement-timeout soon\nselect 1;" }),
    "invalid",
    '0001_a.up.sql: a statement timeout reads like 30s, 20min or 2h, not "soon".',
  ],
])("%s is refused with a sentence that names it", async (_, files, reason, message) => {
  await expect(readMigrations(await migrationsFolder(files))).rejects.toMatchObject({ reason, message });
});

test("a folder that is not there is one sentence", async () => {
  await expect(readMigrations("/nowhere")).rejects.toMatchObject({
    reason: "invalid",
    message: expect.stringMatching(/^The migrations folder can't be read: .+\.$/) as unknown,
  });
});

test("plpgsql blocks and words inside names are no transaction control", async () => {
  const body = "do $$ begin perform 1; end $$;\ncreate table commit_log (begin_at timestamptz);\n";
  const dir = await migrationsFolder(pair("0001_a", { up: body }));
  expect(await readMigrations(dir)).toHaveLength(1);
});

test("the bundled migrations are well formed, reviewed, and known by their number", async () => {
  const migrations = await readMigrations();
  expect(migrations.at(-1)?.version).toBe(requiredVersion());
  expect(migrations.length).toBeGreaterThan(0);
  expect(bundledMigrationsDir).toMatch(/storage[/\\]migrations[/\\]$/);
  for (const { up: upScript, down } of migrations) {
    expect(upScript.sql).not.toMatch(/^-- DRAFT/m);
    expect(down.sql).not.toMatch(/^-- DRAFT/m);
  }
});

function pair(...parts: readonly (string | { up?: string; down?: string })[]): Record<string, string> {
  const scripts = { up, down: up, ...parts.find((part) => typeof part !== "string") };
  const tags = parts.filter((part) => typeof part === "string");
  return Object.fromEntries(
    tags.flatMap((tag) => [
      [`${tag}.up.sql`, scripts.up],
      [`${tag}.down.sql`, scripts.down],
    ]),
  );
}
