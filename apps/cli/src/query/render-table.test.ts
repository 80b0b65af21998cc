import { describe, expect, test } from "vitest";

import { readResult, renderTable, type TableResult } from "./render-table.ts";

function table(
  columns: readonly (readonly [name: string, type: string])[],
  rows: unknown[][],
  more: Partial<TableResult> = {},
) {
  const named = columns.map(([name, type]) => ({ name, type }));
  return renderTable({ columns: named, rows, snapshotId: 7, truncated: false, ...more });
}

describe("a result as a table", () => {
  test("has numbers to the right, nulls as such, and says of which snapshot it is", () => {
    const columns = [
      ["city", "varchar"],
      ["total", "decimal(12,2)"],
      ["n", "int64"],
    ] as const;
    expect(
      table(columns, [
        ["Oslo", "19.90", 1],
        [null, "5.00", 12],
      ]).split("\n"),
    ).toEqual([
      "┌──────┬───────┬────┐",
      "│ city │ total │  n │",
      "├──────┼───────┼────┤",
      "│ Oslo │ 19.90 │  1 │",
      "│ NULL │  5.00 │ 12 │",
      "└──────┴───────┴────┘",
      "2 rows of snapshot 7",
      "",
    ]);
  });

  test("stays straight with characters that are two columns wide, or none", () => {
    expect(
      table([["w", "varchar"]], [["漢字"], ["👩‍👩‍👧"], ["e\u0301"], ["한국어"]])
        .split("\n")
        .slice(3, 7),
    ).toEqual(["│ 漢字   │", "│ 👩‍👩‍👧     │", "│ e\u0301      │", "│ 한국어 │"]);
  });

  test("shows what a terminal would obey instead of sending it there", () => {
    const text = table([["a\u001B[31m", "varchar"]], [["x\u001B]0;title\u0007\ny\u009B\u202Ez"]]);
    expect(text).toContain(String.raw`x\u001b]0;title\u0007\ny\u009b\u202ez`);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202E]/u);
  });

  test("cuts what nobody reads in a cell, between characters", () => {
    const [, , , cell = ""] = table([["w", "varchar"]], [["🇳🇴".repeat(300)]]).split("\n");
    expect(cell).toBe(`│ ${"🇳🇴".repeat(199)}… │`);
  });

  test("says that there are more rows, and counts one as one", () => {
    expect(table([["n", "int64"]], [[1]], { truncated: true })).toMatch(
      /\n1 row of snapshot 7; there are more, see --row-limit\n$/,
    );
  });

  test("keeps every digit of nested numbers", () => {
    const text =
      '{"columns":[{"name":"j","type":"json"}],"rows":[[{"a":9007199254740993,"b":1.50}]],"snapshotId":7,"truncated":false}';
    expect(renderTable(readResult(text))).toContain('{"a":9007199254740993,"b":1.50}');
  });
});
