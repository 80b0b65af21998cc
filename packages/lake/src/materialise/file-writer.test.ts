import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LoggedEvent } from "@millrace/bus";
import type { Column } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { schemaMapText, withSystemColumns } from "../duckdb-types.ts";
import { createFileWriter, type FileWriter, type WrittenBatch } from "./file-writer.ts";

let directory = "";
let writer: FileWriter;
let reader: DuckDBInstance;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-writer-"));
  writer = createFileWriter({ memoryBytes: 256 * 1_048_576, threads: 1, directory });
  reader = await DuckDBInstance.create(":memory:", { threads: "1" });
});
afterAll(async () => {
  await writer.close();
  reader.closeSync();
  await rm(directory, { recursive: true });
});

const at = new Date("2026-05-01T10:00:00.123Z");
const column = (fieldId: number, name: string, type: Column["type"], more: Partial<Column> = {}): Column => ({
  fieldId,
  name,
  type,
  nullable: true,
  ...more,
});
const tableOf = (columns: readonly Column[], more: Partial<EventTable> = {}): EventTable => ({
  tableId: 17,
  tenantId: "acme",
  tenantNo: 3,
  name: "events",
  version: 1,
  columns,
  schemaMode: "strict",
  primaryKey: [],
  sortBy: [],
  partitionBy: [],
  retentionDays: undefined,
  system: false,
  createdAt: at,
  updatedAt: at,
  nextFieldId: 100,
  ...more,
});
const event = (offset: number, payload: unknown, more: Partial<LoggedEvent> = {}): LoggedEvent => ({
  offset,
  tableId: 17,
  version: 1,
  op: "insert",
  key: `key-${offset}`,
  payload: typeof payload === "string" ? payload : JSON.stringify(payload),
  eventTime: undefined,
  ingestedAt: at,
  ...more,
});

function write(table: EventTable, events: readonly LoggedEvent[], versions = new Map([[1, table.columns]])) {
  return writer.write({ table, versions, events });
}

/** All rows of the files, read as every reader does: by field id. */
async function rowsOf({ files }: WrittenBatch, table: EventTable): Promise<readonly unknown[]> {
  if (files.length === 0) return [];
  const connection = await reader.connect();
  await connection.run("set TimeZone = 'UTC'");
  const list = files.map(({ file }) => `'${file}'`).join(", ");
  const names = table.columns.map(({ name }) => `"${name}"`).join(", ");
  const result = await connection.runAndReadAll(
    `select ${names} from read_parquet([${list}], schema = ${schemaMapText(withSystemColumns(table.columns))}) order by _offset`,
  );
  connection.disconnectSync();
  return result.getRowsJson();
}

describe("the file writer", () => {
  test("keeps every digit of every type, and null where a value is null or absent", async () => {
    const types = {
      boolean: [true, true],
      int32: [-2147483648, -2147483648],
      int64: ["9007199254740993", "9007199254740993"],
      float64: [0.1, 0.1],
      "decimal(38,10)": ['"1234567890123456789012345678.0123456789"', "1234567890123456789012345678.0123456789"],
      varchar: ['"a\\u00e9\\n\\"{"', 'aé\n"{'],
      timestamp: ['"2026-01-02T03:04:05.123456Z"', "2026-01-02 03:04:05.123456+00"],
      date: ['"2026-01-02"', "2026-01-02"],
      uuid: ['"550e8400-e29b-41d4-a716-446655440000"', "550e8400-e29b-41d4-a716-446655440000"],
      json: ['{"a":[1,null,123456789012345678901234567890]}', '{"a":[1,null,123456789012345678901234567890]}'],
    } as const;
    const names = Object.keys(types) as (keyof typeof types)[];
    const table = tableOf(names.map((type, index) => column(index + 1, `c${index}`, type)));
    const full = `{${names.map((type, index) => `"c${index}":${types[type][0]}`).join(",")}}`;
    const nulls = `{${names.map((_, index) => `"c${index}":null`).join(",")}}`;
    const written = await write(table, [event(1, full), event(2, nulls), event(3, {})]);
    expect(written.poison).toEqual([]);
    const none = names.map(() => null);
    expect(await rowsOf(written, table)).toEqual([names.map((type) => types[type][1]), none, none]);
  });

  test("catalogues what is in the file: rows, offsets, times, size, hash and statistics by field id", async () => {
    const columns = [
      column(4, "tags", { list: "varchar", fieldId: 5 }),
      column(6, "at", { struct: [{ fieldId: 7, name: "x", type: "int32" }] }),
    ];
    const table = tableOf(columns, { version: 9 });
    const later = new Date(at.getTime() + 1_000);
    const events = [
      event(11, { tags: ["b", "a"], at: { x: 5 } }, { version: 9 }),
      event(13, { tags: null, at: { x: 3 } }, { version: 9, ingestedAt: later }),
    ];
    const { files } = await write(table, events, new Map([[9, columns]]));
    const [file] = files;
    expect(file).toMatchObject({
      tableId: 17,
      version: 9,
      rowCount: 2,
      minOffset: 11,
      maxOffset: 13,
      minIngestedAt: at,
      maxIngestedAt: later,
      path: expect.stringMatching(/^3\/17\/[0-9a-f-]{36}\.parquet$/),
      contentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      fileBytes: expect.any(Number),
    });
    const stats = JSON.parse(file?.columnStats ?? "") as Record<string, unknown>;
    expect(stats).toMatchObject({
      5: { min: "a", max: "b" },
      7: { min: "3", max: "5" },
      1000000: { min: "11", max: "13" },
      1000004: { min: "insert" },
    });
  });

  test.each<readonly [type: Column["type"], value: string, path: string]>([
    ["int32", '"x"', "c"],
    ["int32", "3000000000", "c"],
    ["int64", "9223372036854775808", "c"],
    ["decimal(4,2)", '"123456.78"', "c"],
    ["timestamp", '"2026-02-30T00:00:00Z"', "c"],
    ["date", '"yesterday"', "c"],
    ["uuid", '"1"', "c"],
    [
      { struct: [{ fieldId: 2, name: "in", type: { struct: [{ fieldId: 3, name: "n", type: "int32" }] } }] },
      '{"in":{"n":"x"}}',
      "c.in.n",
    ],
    [{ struct: [{ fieldId: 2, name: "n", type: "int32" }] }, "[1]", "c"],
    [{ list: "int32", fieldId: 2 }, '[1,"x"]', "c"],
    [{ list: "int32", fieldId: 2 }, '{"a":1}', "c"],
    [{ list: { struct: [{ fieldId: 3, name: "n", type: "int32" }] }, fieldId: 2 }, '[{"n":1},{"n":"x"}]', "c"],
    [{ list: { list: "int32", fieldId: 3 }, fieldId: 2 }, '[[1],["x"]]', "c"],
  ])("an event whose value can't be a %j is told apart, and the others are written: %s", async (type, value, path) => {
    const table = tableOf([column(1, "c", type)]);
    const written = await write(table, [event(1, {}), event(2, `{"c":${value}}`), event(3, { c: null })]);
    expect(written.poison).toEqual([{ offset: 2, code: "VALUE_NOT_STORABLE", path, message: expect.any(String) }]);
    expect(await rowsOf(written, table)).toEqual([[null], [null]]);
  });

  test("nulls inside of lists and structs are no poison", async () => {
    const item = { struct: [{ fieldId: 3, name: "n", type: "int32" as const }] };
    const table = tableOf([column(1, "c", { list: item, fieldId: 2 }), column(4, "d", { list: "int32", fieldId: 5 })]);
    const written = await write(table, [event(1, { c: [null, { n: null }, {}, { n: 1 }], d: [1, null] })]);
    expect(written.poison).toEqual([]);
    expect(await rowsOf(written, table)).toEqual([
      [[null, { n: null }, { n: null }, { n: 1 }], ["1", null].map((n) => (n === null ? null : Number(n)))],
    ]);
  });

  test("payloads that make DuckDB give up on a whole batch are found, each of them", async () => {
    const table = tableOf([column(1, "c", "varchar")]);
    const payloads = Array.from({ length: 50 }, (_, index) => JSON.stringify({ c: `v${index}` }));
    payloads[7] = '{"c":"\\ud800"}';
    payloads[8] = '{"c":';
    payloads[49] = "";
    payloads[30] = "[1]";
    const written = await write(
      table,
      payloads.map((payload, index) => event(index + 1, payload)),
    );
    expect(written.poison.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => "MALFORMED_PAYLOAD"));
    expect(new Set(written.poison.map(({ offset }) => offset))).toEqual(new Set([8, 9, 31, 50]));
    expect(await rowsOf(written, table)).toHaveLength(46);
  });

  test("a column that takes no null has none, but for rows that delete", async () => {
    const table = tableOf(
      [column(1, "id", "int64", { nullable: false }), column(2, "n", "int64", { nullable: false })],
      { primaryKey: [1] },
    );
    const written = await write(table, [
      event(1, { id: 1, n: 1 }, { op: "upsert" }),
      event(2, { id: 1 }, { op: "delete" }),
      event(3, { id: 1 }, { op: "upsert" }),
      event(4, { n: 1 }, { op: "delete" }),
    ]);
    expect(written.poison).toMatchObject([
      { offset: 3, code: "VALUE_MISSING", path: "n" },
      { offset: 4, code: "VALUE_MISSING", path: "id" },
    ]);
    expect(await rowsOf(written, table)).toEqual([
      ["1", "1"],
      ["1", null],
    ]);
  });

  test("events of older versions become rows of the newest one: by field id, widened, with defaults where nothing was said", async () => {
    const old = [
      column(1, "a", "int32"),
      column(2, "gone", "varchar"),
      column(3, "s", {
        struct: [
          { fieldId: 4, name: "x", type: "int32" },
          { fieldId: 5, name: "y", type: "varchar" },
        ],
      }),
      column(6, "l", { list: { struct: [{ fieldId: 7, name: "p", type: "int32" }] }, fieldId: 8 }),
      column(9, "d", "int64", { default: "9007199254740993" }),
    ];
    const now = [
      column(1, "renamed", "int64"),
      column(3, "s", {
        struct: [
          { fieldId: 4, name: "xx", type: "int64" },
          { fieldId: 12, name: "z", type: "varchar" },
        ],
      }),
      column(6, "l", { list: { struct: [{ fieldId: 7, name: "q", type: "float64" }] }, fieldId: 8 }),
      column(9, "d", "int64", { default: "9007199254740993" }),
      // The name of a column that was dropped, and another column.
      column(10, "gone", "int32", { default: "7" }),
      column(11, "a", "varchar", { default: '"it\'s \\"new\\""' }),
    ];
    const table = tableOf(now, { version: 2 });
    const written = await write(
      table,
      [
        event(1, { a: 5, gone: "x", s: { x: 1, y: "y" }, l: [{ p: 2 }, null] }),
        event(2, { renamed: 6, s: { xx: 2, z: "z" }, gone: 1, a: "a", d: null }, { version: 2 }),
        event(3, { a: 8 }, { op: "delete" }),
      ],
      new Map([
        [1, old],
        [2, now],
      ]),
    );
    expect(written.poison).toEqual([]);
    expect(await rowsOf(written, table)).toEqual([
      ["5", { xx: "1", z: null }, [{ q: 2 }, null], "9007199254740993", 7, 'it\'s "new"'],
      ["6", { xx: "2", z: "z" }, null, null, 1, "a"],
      ["8", null, null, null, null, null],
    ]);
  });

  test("an event of a version that never was is poison, not lost", async () => {
    const table = tableOf([column(1, "c", "int32")]);
    const { poison, files } = await write(table, [event(1, {}, { version: 5 })]);
    expect([poison, files]).toMatchObject([[{ offset: 1, code: "UNKNOWN_VERSION" }], []]);
  });

  test("divides a batch by the partition, unless that makes many files of it", async () => {
    const table = tableOf([column(1, "at", "timestamp"), column(2, "who", "varchar")], {
      partitionBy: [
        { fieldId: 1, transform: "day" },
        { fieldId: 2, transform: "identity" },
      ],
    });
    const days = ["2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z", "2026-01-02T01:00:00Z", null];
    const events = days.map((day, index) => event(index + 1, { at: day, who: "o'neil" }));
    const { files } = await write(table, events);
    expect(files.map(({ rowCount, minOffset, maxOffset }) => [rowCount, minOffset, maxOffset])).toEqual([
      [2, 1, 2],
      [1, 3, 3],
      [1, 4, 4],
    ]);
    const many = await write(
      table,
      Array.from({ length: 20 }, (_, index) => event(index + 1, { who: `w${index}` })),
    );
    expect(many.files.map(({ rowCount }) => rowCount)).toEqual([20]);
  });

  test("several batches at once don't see one another", async () => {
    const table = tableOf([column(1, "c", "int32")]);
    const batches = await Promise.all(
      Array.from({ length: 4 }, (_, index) => write(table, [event(index + 1, { c: index })])),
    );
    expect(await Promise.all(batches.map((batch) => rowsOf(batch, table)))).toEqual([[[0]], [[1]], [[2]], [[3]]]);
  });

  test("a failure that is not the rows' is thrown, leaves no file, and the next batch is written", async () => {
    const table = tableOf([column(1, "c", "int32")]);
    const scratch = async () =>
      (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(".parquet"));
    const before = await scratch();
    const broken = { ...table, columns: [column(1, "c", "decimal(99,1)")] };
    await expect(write(broken, [event(1, { c: 1 })])).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await scratch()).toEqual(before);
    expect((await write(table, [event(1, { c: 1 })])).files).toHaveLength(1);
  });
});
