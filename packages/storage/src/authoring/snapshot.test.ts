import { expect, test } from "vitest";

import { draftFiles } from "./draft-files.ts";
import { emptySnapshot, generateSql, presentSnapshot, tidyStatements } from "./drizzle-kit.ts";
import { readSnapshot } from "./snapshot-file.ts";

test("every change of src/schema comes with a migration: the snapshot beside the migrations is the present schema", async () => {
  expect(await generateSql(await readSnapshot(), presentSnapshot()), "run migration:new or migration:snapshot").toEqual(
    [],
  );
});

test("the schema and its reverse come out as one statement for each thing, without the schema itself and without CASCADE", async () => {
  const up = await generateSql(emptySnapshot(), presentSnapshot());
  const down = await generateSql(presentSnapshot(), emptySnapshot());
  expect(up).toContainEqual(expect.stringContaining('CREATE TABLE "millrace"."jobs"'));
  expect(down).toContain('DROP TABLE "millrace"."jobs";');
  expect([...up, ...down].filter((statement) => /SCHEMA|CASCADE/.test(statement))).toEqual([]);
});

test("other schemas and a cascade inside a statement stay", () => {
  const kept = [
    'CREATE SCHEMA "other";',
    'ALTER TABLE "a" ADD CONSTRAINT "b" FOREIGN KEY ("c") REFERENCES "d" ON DELETE SET NULL ON UPDATE CASCADE;',
  ];
  expect(tidyStatements([...kept, 'CREATE SCHEMA "millrace";', " "])).toEqual(kept);
});

test("both drafts are marked, so that no test run lets one through unread", async () => {
  const { up, down } = await draftFiles(["select 1;"], emptySnapshot(), presentSnapshot());
  expect(up).toMatch(/^-- DRAFT/);
  expect(up.endsWith("\n\nselect 1;\n")).toBe(true);
  expect(down).toMatch(/^-- DRAFT/);
  expect(down).toContain("DROP TABLE");
});
