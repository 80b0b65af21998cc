import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, expect, test } from "vitest";

import { migrationsFolder } from "../migrate/migrations.test.support.ts";
import { draftFiles } from "./draft-files.ts";
import { presentSnapshot, type Snapshot } from "./drizzle-kit.ts";
import { newMigration } from "./new-migration.ts";
import { writeSnapshot } from "./snapshot-file.ts";

let migrationsDir: string;

beforeEach(async () => {
  migrationsDir = await migrationsFolder({ "0001_first.up.sql": "select 1;\n", "0001_first.down.sql": "select 1;\n" });
  await mkdir(join(migrationsDir, "meta"));
});

/** The present schema from before somebody added `jobs.progress`. */
function beforeProgress(): Snapshot {
  const snapshot = structuredClone(presentSnapshot()) as Snapshot & {
    tables: Record<string, { columns: Record<string, unknown> }>;
  };
  delete snapshot.tables["millrace.jobs"]?.columns["progress"];
  return snapshot;
}

test("a changed schema becomes the next numbered pair, drafted both ways, and the snapshot follows", async () => {
  await writeSnapshot(beforeProgress(), migrationsDir);
  const tag = await newMigration({ name: "add_progress", custom: false, migrationsDir, interactive: false });
  expect(tag).toBe("0002_add_progress");
  const up = await readFile(join(migrationsDir, "0002_add_progress.up.sql"), "utf8");
  const down = await readFile(join(migrationsDir, "0002_add_progress.down.sql"), "utf8");
  expect(up).toMatch(/^-- DRAFT[^;]*\n\nALTER TABLE "millrace"\."jobs" ADD COLUMN "progress" json;\n$/);
  expect(down).toMatch(/^-- DRAFT[\s\S]*\n\nALTER TABLE "millrace"\."jobs" DROP COLUMN "progress";\n$/);
  const again = await newMigration({ name: "again", custom: false, migrationsDir, interactive: false });
  expect(again).toBeUndefined();
  expect(await readdir(migrationsDir)).toHaveLength(5);
});

test("a change that might be a rename gets an empty way back instead of a guessed one", async () => {
  const snapshot = beforeProgress() as Snapshot & { tables: Record<string, { columns: Record<string, object> }> };
  const columns = snapshot.tables["millrace.jobs"]?.columns ?? {};
  columns["advance"] = { name: "advance", type: "json", primaryKey: false, notNull: false };
  const { down } = await draftFiles([], snapshot, presentSnapshot());
  expect(down).toContain("write this by hand");
});

test("without a snapshot everything is new", async () => {
  await newMigration({ name: "all", custom: false, migrationsDir, interactive: false });
  const up = await readFile(join(migrationsDir, "0002_all.up.sql"), "utf8");
  expect(up).toContain('CREATE TABLE "millrace"."jobs"');
  expect(up).not.toContain("CREATE SCHEMA");
});

test("a custom migration is an empty draft for SQL written by hand", async () => {
  await writeSnapshot(presentSnapshot(), migrationsDir);
  const tag = await newMigration({ name: "by_hand", custom: true, migrationsDir, interactive: false });
  expect(tag).toBe("0002_by_hand");
  expect(await readFile(join(migrationsDir, "0002_by_hand.up.sql"), "utf8")).toMatch(/^-- DRAFT[^\n]*\n$/);
});
