import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";

import { afterAll, beforeAll, expect, it } from "vitest";

import type { Column, ColumnType } from "@millrace/contract";

import { createQueryEngine } from "./create-query-engine.ts";
import type { QueryEngine, QueryResult, ResultFormat } from "./query-types.ts";
import { createLakeFolder, type LakeFolder } from "./testing/lake-folder.ts";

const scalars = [
  "boolean",
  "int32",
  "int64",
  "float64",
  "decimal(38,10)",
  "varchar",
  "timestamp",
  "date",
  "uuid",
  "json",
] as const;
const types: readonly ColumnType[] = [
  ...scalars,
  { list: "int64", fieldId: 101 },
  {
    struct: [
      { fieldId: 102, name: "a", type: "int64" },
      { fieldId: 103, name: 'q"x', type: { list: "timestamp", fieldId: 104 } },
    ],
  },
];
const columns: readonly Column[] = types.map((type, index) => ({
  fieldId: index + 1,
  name: `c${index}`,
  type,
  nullable: true,
}));

let folder: LakeFolder;
let engine: QueryEngine;
let run: (sql: string, format: ResultFormat, rowLimit?: number) => Promise<QueryResult>;

beforeAll(async () => {
  folder = await createLakeFolder();
  const path = await folder.write(
    "types.parquet",
    columns,
    `select true, -2147483648, 9223372036854775807, 1e300, '1234567890123456789012345678.0123456789', 'a"\\,' || chr(10) || 'b€',
       '2026-02-03T04:05:06.123456Z', '2026-02-03', '019a0000-0000-7000-8000-000000000000', '{"n": 1.10, "big": 12345678901234567890}',
       [1, null, 9007199254740993], {'a': 7, 'q"x': ['2026-01-01T00:00:00Z'::timestamptz]}
     union all select ${columns.map(() => "null").join(", ")}`,
  );
  const tables = [{ name: "t", columns, primaryKey: [], files: [{ localPath: path, version: 1 }] }];
  engine = createQueryEngine({
    children: 1,
    threads: 2,
    memoryBytes: 256 << 20,
    timeoutMsMax: 20_000,
    spoolDir: folder.dir,
  });
  await engine.ready();
  run = (sql, format, rowLimit = 1_000_000) =>
    engine.run({ tables, sql, format, timeoutMs: 20_000, rowLimit, bytesMax: 100_000_000 });
});
afterAll(async () => {
  await engine.close();
  await folder.remove();
});

const own = columns.map(({ name }) => name).join(", ");
const values = [
  true,
  -2_147_483_648,
  "9223372036854775807",
  1e300,
  "1234567890123456789012345678.0123456789",
  'a"\\,\nb€',
  "2026-02-03T04:05:06.123456Z",
  "2026-02-03",
  "019a0000-0000-7000-8000-000000000000",
  { n: 1.1, big: Number("12345678901234567890") },
  [1, null, "9007199254740993"],
  { a: 7, 'q"x': ["2026-01-01T00:00:00Z"] },
];

it("JSON keeps every digit: what a double can't hold is text, and JSON columns are as they were", async () => {
  const result = await run(`select ${own} from t`, "json");
  const body = await text(result.body);
  expect(JSON.parse(body)).toEqual([values, columns.map(() => null)]);
  expect(body).toContain('{"n": 1.10, "big": 12345678901234567890}');
  expect(Buffer.byteLength(body)).toBe(result.bytes);
  expect(result.columns.map(({ type }) => type)).toEqual([...scalars, "int64[]", 'struct(a int64, q"x timestamp[])']);
});

it("NDJSON is one object a line, with the same values", async () => {
  const lines = (await text((await run(`select ${own} from t`, "ndjson")).body)).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    Object.fromEntries(columns.map(({ name }, index) => [name, values[index]])),
    Object.fromEntries(columns.map(({ name }) => [name, null])),
  ]);
});

it("CSV has a header, quotes where needed, nested values as JSON, and tells NULL from empty text", async () => {
  expect(
    await text((await run("select c0, c2, c4, c5, c6, c10, '' as e, null as n from t where c0", "csv")).body),
  ).toBe(
    'c0,c2,c4,c5,c6,c10,e,n\ntrue,9223372036854775807,1234567890123456789012345678.0123456789,"a""\\,\nb€",2026-02-03T04:05:06.123456Z,"[1,null,""9007199254740993""]","",\n',
  );
});

it("Parquet has the types of the result, and integers of 128 bits without loss", async () => {
  const path = join(folder.dir, "result.parquet");
  await writeFile(
    path,
    await buffer((await run(`select ${own}, sum(c2 * 2::hugeint) over () as h from t`, "parquet")).body),
  );
  const reader = await folder.connection.runAndReadAll(`select * from '${path}'`);
  expect(reader.columnTypes().map(String)).toEqual([
    "BOOLEAN",
    "INTEGER",
    "BIGINT",
    "DOUBLE",
    "DECIMAL(38,10)",
    "VARCHAR",
    "TIMESTAMP WITH TIME ZONE",
    "DATE",
    "UUID",
    "VARCHAR",
    "BIGINT[]",
    'STRUCT("a" BIGINT, "q""x" TIMESTAMP WITH TIME ZONE[])',
    "DECIMAL(38,0)",
  ]);
  expect(reader.getRowsJson()[0]?.[12]).toBe("18446744073709551614");
});

it("writes what JSON has no words for as text", async () => {
  const sql = `select 'nan'::double, 'inf'::float, '-inf'::double, 'infinity'::timestamptz, '\\xAA'::blob, interval 1 day, time '01:02:03',
    170141183460469231731687303715884105727::hugeint, 18446744073709551615::ubigint, map {'a"b': 1.5, 'c': null}, row(1, 'x'), 'a'::enum('a'),
    [[1.5], []], array_value(1, 2), '101'::bit, timestamp '2026-01-01 00:00:00', union_value(k := 1), 1e20::double, {'a': null::int}, null::int[]`;
  expect(JSON.parse(await text((await run(sql, "json")).body))).toEqual([
    [
      "NaN",
      "Infinity",
      "-Infinity",
      "infinity",
      "qg==",
      "1 day",
      "01:02:03",
      "170141183460469231731687303715884105727",
      "18446744073709551615",
      { 'a"b': "1.5", c: null },
      [1, "x"],
      "a",
      [["1.5"], []],
      [1, 2],
      "101",
      "2026-01-01T00:00:00",
      "1",
      1e20,
      { a: null },
      null,
    ],
  ]);
});

it("is strict JSON also where DuckDB's own is not, and leaves JSON that is strict as it was", async () => {
  const sql = `select to_json('nan'::double) as a, '[1, -Infinity,{"b" : [inf , nan, -NaN, ] ,}, "nan, ]", "\\",]"]'::json as b,
    [json_object('a', '-inf'::double, 'nan', 'inf ]')] as c, '{"a" : [1.10, "nan"] }'::json as d, '"inf"'::json as e, null::json as f,
    '[1,' || chr(10) || ']' as g, ('[1,' || chr(10) || ']')::json as h`;
  const expected = {
    a: "NaN",
    b: [1, "-Infinity", { b: ["Infinity", "NaN", "NaN"] }, "nan, ]", '",]'],
    c: [{ a: "-Infinity", nan: "inf ]" }],
    d: { a: [1.1, "nan"] },
    e: "inf",
    f: null,
    g: "[1,\n]",
    h: [1],
  };
  expect(JSON.parse(await text((await run(sql, "json")).body))).toEqual([Object.values(expected)]);
  const line = await text((await run(sql, "ndjson")).body);
  expect(JSON.parse(line)).toEqual(expected);
  expect(line).toContain('{"a" : [1.10, "nan"] }');
  const csv = await text((await run("select '[nan]'::json as a, [to_json('inf'::double)] as b", "csv")).body);
  expect(csv).toBe('a,b\n"[""NaN""]","[""Infinity""]"\n');
});

it("writes years before 1 and after 9999 with a sign and six digits", async () => {
  const sql = `select timestamptz '0044-03-15 (BC) 01:02:03.5+00', timestamp '0044-03-15 (BC) 01:02:03', date '0044-03-15 (BC)', timestamp_s '0001-01-01 (BC) 00:00:00',
    timestamptz '12026-01-02 03:04:05+00', date '12026-01-02', date 'infinity', timestamp '-infinity', timestamp_ns '2026-01-01 00:00:00.123456789', null::timestamptz, null::date`;
  const row = [
    "-000043-03-15T01:02:03.5Z",
    "-000043-03-15T01:02:03",
    "-000043-03-15",
    "+000000-01-01T00:00:00",
    "+012026-01-02T03:04:05Z",
    "+012026-01-02",
    "infinity",
    "-infinity",
    "2026-01-01T00:00:00.123456789",
  ];
  expect(JSON.parse(await text((await run(sql, "json")).body))).toEqual([[...row, null, null]]);
  expect((await text((await run(sql, "csv")).body)).split("\n")[1]).toBe(`${row.join(",")},,`);
});

it("Parquet keeps every digit of integers of 128 bits inside lists, structs and maps", async () => {
  const path = join(folder.dir, "nested.parquet");
  const n = "12345678901234567890123456789012345678::hugeint";
  const sql = `select [${n}] as l, {'a b': ${n}, 'e': 'x'::enum('x', 'y'), 'j': '[1]'::json} as s, map {${n}: [${n}, null]} as m, array_value(${n}, null) as a,
    row(${n}, 'x') as r, [[340282366920938463463374607431768211455::uhugeint]] as u, [{'k': null::hugeint[]}] as z, [1.5::decimal(4, 1)] as d`;
  await writeFile(path, await buffer((await run(sql, "parquet")).body));
  const reader = await folder.connection.runAndReadAll(`select * from '${path}'`);
  const digits = "12345678901234567890123456789012345678";
  expect(reader.getRowObjectsJson()).toEqual([
    {
      l: [digits],
      s: { "a b": digits, e: "x", j: "[1]" },
      m: [{ key: digits, value: [digits, null] }],
      a: [digits, null],
      r: { _1: digits, _2: "x" },
      u: [["340282366920938463463374607431768211455"]],
      z: [{ k: null }],
      d: ["1.5"],
    },
  ]);
  const large = run("select 170141183460469231731687303715884105727::hugeint", "parquet");
  await expect(large).rejects.toMatchObject({ code: "QUERY_INVALID" });
});

it("names equal columns apart", async () => {
  expect((await run('select 1 as a, 2 as a, 3 as "we""ird"', "ndjson")).columns.map(({ name }) => name)).toEqual([
    "a",
    "a_1",
    'we"ird',
  ]);
  expect(await text((await run('select 1 as a, 2 as a, 3 as "we""ird"', "ndjson")).body)).toBe(
    '{"a":1,"a_1":2,"we\\"ird":3}\n',
  );
});

it("streams a large result whole, in each format", async () => {
  const sql = "select range as id, 'row ' || range as name from range(200000)";
  const json = await run(sql, "json");
  const rows = JSON.parse(await text(json.body)) as unknown[][];
  expect(rows).toHaveLength(200_000);
  expect(rows[199_999]).toEqual([199_999, "row 199999"]);
  expect(rows[1]).toEqual([1, "row 1"]);
  const lines = (await text((await run(sql, "ndjson")).body)).trimEnd().split("\n");
  expect(lines).toHaveLength(200_000);
  expect(lines[77_777]).toBe('{"id":77777,"name":"row 77777"}');
  const csv = await run(sql, "csv");
  expect((await text(csv.body)).length).toBe(csv.bytes);
});

it("an empty result is valid in each format", async () => {
  expect(await text((await run("select 1 as a where false", "json")).body)).toBe("[]");
  expect(await text((await run("select 1 as a where false", "ndjson")).body)).toBe("");
  expect(await text((await run("select 1 as a where false", "csv")).body)).toBe("a\n");
  expect((await buffer((await run("select 1 as a where false", "parquet")).body)).subarray(0, 4).toString()).toBe(
    "PAR1",
  );
});
