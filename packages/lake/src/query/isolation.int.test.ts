import { text } from "node:stream/consumers";

import { assert, asyncProperty, constantFrom, integer, letrec, oneof, record, tuple } from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";

import { type Column, isMillraceError } from "@millrace/contract";

import { createQueryEngine } from "./create-query-engine.ts";
import type { QueryTable } from "./query-table.ts";
import type { QueryEngine } from "./query-types.ts";
import { createLakeFolder, type LakeFolder } from "./testing/lake-folder.ts";

const canary = "CANARY";
const columns: readonly Column[] = [
  { fieldId: 1, name: "id", type: "int64", nullable: false },
  { fieldId: 2, name: "s", type: "varchar", nullable: true },
];

let folder: LakeFolder;
let engine: QueryEngine;
let tables: readonly QueryTable[];
let others: string;

beforeAll(async () => {
  folder = await createLakeFolder();
  const mine = await folder.write("1.parquet", columns, "select range, 'mine' from range(20)");
  others = await folder.write("2.parquet", columns, `select range, '${canary}' from range(20)`);
  tables = ["events", "orders"].map((name) => ({
    name,
    columns,
    primaryKey: [],
    files: [{ localPath: mine, version: 1 }],
  }));
  engine = createQueryEngine({ children: 2, threads: 1, memoryBytes: 256 << 20, timeoutMsMax: 20_000 });
  await engine.ready();
});
afterAll(async () => {
  await engine.close();
  await folder.remove();
});

/** Tables that a query has. */
const own = [
  "events",
  "main.orders",
  '"EVENTS"',
  "events tablesample 50%",
  "(select range as id, 'r' as s from range(3))",
  "(values (1, 'v')) as v(id, s)",
];

/** Another tenant's file and tables in several spellings. */
const foreign = [
  "'{file}'",
  '"{file}"',
  'main."{file}"',
  "bees.events",
  "memory.main.events",
  "read_parquet('{file}')",
  "parquet_scan(['{file}'])",
  "query_table('{file}')",
  "glob('{dir}/*')",
  "duckdb_views()",
];

/** Statements that nest, join, name and filter at random: most are valid, all may use any of the names. */
const { query } = letrec((tie) => ({
  query: oneof(
    { maxDepth: 4, depthSize: "small" },
    tuple(tie("columns"), tie("table"), tie("filter")).map(
      (parts) => `select ${parts[0] as string} from ${parts[1] as string} ${parts[2] as string}`,
    ),
    tuple(constantFrom("a", "b", "a", "b", '"{file}"'), constantFrom("", "recursive "), tie("query"), tie("query")).map(
      ([name, recursive, inner, outer]) => `with ${recursive}${name} as (${inner as string}) ${outer as string}`,
    ),
    tuple(tie("query"), constantFrom("union all by name", "union by name"), tie("query")).map(
      ([left, operator, right]) => `(${left as string}) ${operator} (${right as string})`,
    ),
  ),
  columns: constantFrom(
    "*",
    "id, s",
    "s, id",
    "count(*) as id, max(s) as s",

    "columns(*)",
    "string_agg(s, ',')",
    "1 as id, 'x' as s",
    "list(s)",
    "any_value(columns(*))",
  ),
  table: oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 20, arbitrary: constantFrom(...own) },
    { weight: 2, arbitrary: constantFrom("a", "b") },
    { weight: 1, arbitrary: constantFrom(...foreign) },
    tie("query").map((inner) => `(${inner as string})`),
    tuple(tie("table"), constantFrom(", ", " cross join ", " positional join ", " natural join "), tie("table")).map(
      (parts) => parts.join(""),
    ),
    tie("query").map((inner) => `events, lateral (${inner as string})`),
  ),
  filter: oneof(
    { maxDepth: 3, depthSize: "small" },
    constantFrom("", "limit 3", "where true", "order by all"),
    tie("query").map((inner) => `where exists (${inner as string})`),
    tie("query").map((inner) => `where 'mine' in (select s from (${inner as string}))`),
    tie("query").map((inner) => `order by (select count(*) from (${inner as string}))`),
  ),
}));

it(
  "no query ever returns a row of another tenant, whose files lie in the same folder",
  { timeout: 300_000 },
  async () => {
    let ran = 0;
    await assert(
      asyncProperty(
        record({ sql: query, format: constantFrom("json", "csv"), limit: integer({ min: 1, max: 50 }) }),
        async ({ sql, format, limit }) => {
          const statement = sql.replaceAll("{file}", others).replaceAll("{dir}", folder.dir);
          const answer = await engine
            .run({
              tables,
              sql: statement,
              timeoutMs: 5_000,
              rowLimit: limit,
              bytesMax: 1_000_000,
              format,
            })
            .then(({ body }) => {
              ran += 1;
              return text(body);
            })
            .catch((error: unknown) => {
              if (!isMillraceError(error) || error.code === "INTERNAL") throw error;
              return error.message;
            });
          expect(answer).not.toContain(canary);
        },
      ),
      { numRuns: 400 },
    );
    // Queries that all fail would prove nothing.
    expect(ran).toBeGreaterThan(60);
  },
);
