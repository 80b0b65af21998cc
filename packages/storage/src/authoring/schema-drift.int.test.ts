import { expect, test } from "vitest";

import { catalogueQuery } from "../migrate/catalogue.ts";
import { emptyDatabase, rows, session } from "../migrate/migrations.test.support.ts";
import { up } from "../migrate/up.ts";
import { emptySnapshot, generateSql, presentSnapshot } from "./drizzle-kit.ts";

test("the migrations and src/schema make the same tables, columns, constraints, indexes and enums", async () => {
  const [migrated, generated] = [await emptyDatabase(), await emptyDatabase()];
  await up({ url: migrated });
  const connection = await session(generated);
  await connection.exec("create schema millrace");
  for (const statement of await generateSql(emptySnapshot(), presentSnapshot())) await connection.exec(statement);
  const [fromMigrations, fromSchema] = [await expressible(migrated), await expressible(generated)];
  expect(fromMigrations).toEqual(fromSchema);
  expect(fromSchema.length).toBeGreaterThan(10);
});

test("a column that only one side has is seen", async () => {
  const url = await emptyDatabase();
  await up({ url });
  const before = await expressible(url);
  await (await session(url)).exec("alter table millrace.jobs add column stray text");
  expect(await expressible(url)).toEqual([...before, "column jobs.stray text"].toSorted());
});

/** The lines of the catalogue that Drizzle has words for: no functions, views, triggers, partitions or storage settings. */
async function expressible(url: string): Promise<readonly string[]> {
  const connection = await session(url);
  const [row] = await rows<{ listing: string }>(
    connection,
    `select listing from (${catalogueQuery}) as found (listing)`,
  );
  const lines = row?.listing.split("\n") ?? [];
  const views = new Set(lines.map((line) => /^view (\S+)/.exec(line)?.[1]));
  return lines
    .filter((line) => /^(?:relation \S+ kind [rp]|column|constraint|index|enum) /.test(`${line} `))
    .filter((line) => !views.has(/^column ([^.]+)\./.exec(line)?.[1]))
    .map((line) => line.replace(/^(relation \S+) .*/, "$1"))
    .map((line) => line.replace(" ON ONLY ", " ON ").replace(/ WITH \([^)]*\)/, ""))
    .map((line) => (line.startsWith("column ") ? line.replace(/ (?:storage|compression) \S$/, "") : line))
    .toSorted();
}
