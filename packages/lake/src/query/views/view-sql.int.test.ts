import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Column } from "@millrace/contract";

import { createLakeFolder, type LakeFolder } from "../testing/lake-folder.ts";
import { viewSql } from "./view-sql.ts";

let folder: LakeFolder;
beforeAll(async () => {
  folder = await createLakeFolder();
});
afterAll(() => folder.remove());

/** The rows of a table as its view shows them. */
async function shown(table: Parameters<typeof viewSql>[0], sql: string): Promise<readonly unknown[][]> {
  await folder.connection.run(viewSql(table).replace("CREATE VIEW", "CREATE OR REPLACE VIEW"));
  return (await folder.connection.runAndReadAll(sql)).getRowsJson();
}

describe("evolution by field id", () => {
  const old: readonly Column[] = [
    { fieldId: 1, name: "id", type: "int32", nullable: false },
    { fieldId: 2, name: "title", type: "varchar", nullable: true },
    { fieldId: 3, name: "dropped", type: "varchar", nullable: true },
  ];
  const now: readonly Column[] = [
    { fieldId: 2, name: "name", type: "varchar", nullable: true },
    { fieldId: 1, name: "id", type: "int64", nullable: false },
    { fieldId: 4, name: "dropped", type: "float64", nullable: true, default: "1.5" },
    {
      fieldId: 5,
      name: "tags",
      type: { list: "varchar", fieldId: 6 },
      nullable: true,
      default: '["a, b","it\'s \\"so\\""]',
    },
    { fieldId: 7, name: "price", type: "decimal(38,2)", nullable: true, default: "123456789012345678901234567890.12" },
    { fieldId: 8, name: "text", type: "varchar", nullable: true, default: '"O\'Brien\\n"' },
    { fieldId: 9, name: "doc", type: "json", nullable: true, default: '{"k": [1]}' },
    { fieldId: 10, name: "since", type: "timestamp", nullable: true, default: '"2026-01-01T00:00:00.5Z"' },
    { fieldId: 11, name: "none", type: "int64", nullable: true },
  ];

  it("renames, widens, drops and adds with defaults, over old and new files at once", async () => {
    const before = await folder.write("old.parquet", old, "select 1, 'one', 'gone'");
    const after = await folder.write(
      "new.parquet",
      now,
      "select 'two', 5000000000, 2.5, null, null, null, null, null, 3",
    );
    const table = {
      name: "t",
      columns: now,
      primaryKey: [],
      files: [before, after].map((localPath) => ({ localPath, version: 1 })),
    };
    expect(
      await shown(table, "select * exclude (_offset, _ingested_at, _event_time, _key, _op) from t order by id"),
    ).toEqual([
      [
        "one",
        "1",
        1.5,
        ["a, b", 'it\'s "so"'],
        "123456789012345678901234567890.12",
        "O'Brien\n",
        '{"k": [1]}',
        "2026-01-01 00:00:00.5+00",
        null,
      ],
      ["two", "5000000000", 2.5, null, null, null, null, null, "3"],
    ]);
  });

  it("finds fields of structs by id as well, where older columns are told", async () => {
    const struct = (fields: Column["type"]): readonly Column[] => [
      { fieldId: 1, name: "s", type: fields, nullable: true },
    ];
    const first = struct({
      list: {
        struct: [
          { fieldId: 3, name: "a", type: "int32" },
          { fieldId: 4, name: "b", type: "varchar" },
        ],
      },
      fieldId: 2,
    });
    const second = struct({
      list: {
        struct: [
          { fieldId: 3, name: "b", type: "int64" },
          { fieldId: 5, name: "a", type: "varchar" },
        ],
      },
      fieldId: 2,
    });
    const before = await folder.write("s1.parquet", first, "select [{'a': 1, 'b': 'x'}, null] union all select null");
    const after = await folder.write("s2.parquet", second, "select [{'b': 2, 'a': 'y'}]", { firstOffset: 3 });
    const table = {
      name: "t",
      columns: second,
      primaryKey: [],
      files: [
        { localPath: before, version: 1 },
        { localPath: after, version: 2 },
      ],
      versions: new Map([[1, first]]),
    };
    expect(await shown(table, "select s from t order by _offset")).toEqual([
      [[{ b: "1", a: null }, null]],
      [null],
      [[{ b: "2", a: "y" }]],
    ]);
  });
});

describe("winners", () => {
  const columns: readonly Column[] = [
    { fieldId: 1, name: "k1", type: "int64", nullable: false },
    { fieldId: 2, name: "k2", type: "varchar", nullable: false },
    { fieldId: 3, name: "v", type: "varchar", nullable: true },
  ];

  it("shows the row with the highest offset of each key, over all files, and no key whose last row is a deletion", async () => {
    const first = await folder.write(
      "w1.parquet",
      columns,
      "values (1, 'a', 'old'), (1, 'b', 'kept'), (2, 'a', 'deleted later'), (3, 'a', 'x')",
    );
    const second = await folder.write(
      "w2.parquet",
      columns,
      "values (1, 'a', 'new'), (2, 'a', null), (3, 'a', null), (3, 'a', 'back')",
      {
        firstOffset: 5,
        op: "case when c2 is null then 'delete' else 'upsert' end",
      },
    );
    const table = {
      name: "t",
      columns,
      primaryKey: [1, 2],
      files: [second, first].map((localPath) => ({ localPath, version: 1 })),
    };
    expect(await shown(table, "select k1, k2, v, _offset from t order by k1, k2")).toEqual([
      ["1", "a", "new", "5"],
      ["1", "b", "kept", "2"],
      ["3", "a", "back", "8"],
    ]);
  });

  it("holds whatever a query filters by", async () => {
    const path = await folder.write("w3.parquet", columns, "values (1, 'a', 'match'), (1, 'a', 'other')");
    const table = { name: "t", columns, primaryKey: [1, 2], files: [{ localPath: path, version: 1 }] };
    expect(await shown(table, "select count(*) from t where v = 'match'")).toEqual([["0"]]);
    expect(await shown(table, "select count(*) from t where _offset < 2")).toEqual([["0"]]);
    expect(await shown({ ...table, files: [] }, "select count(*) from t")).toEqual([["0"]]);
  });
});
