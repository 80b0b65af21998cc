import { DuckDBInstance } from "@duckdb/node-api";
import { expect, it } from "vitest";

import { allowedFunctions, allowedTableFunctions } from "./allowed-functions.ts";
import { refusedFunctions, refusedPrefixes, refusedTableFunctions } from "./refused-functions.ts";

async function namesOf(types: readonly string[]): Promise<readonly string[]> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN (${types.map((type) => `'${type}'`).join(", ")})`,
  );
  connection.closeSync();
  instance.closeSync();
  return reader.getRows().map(([name]) => String(name));
}

it("every function of this DuckDB was looked at: a new version's functions show up here", async () => {
  const there = await namesOf(["scalar", "aggregate", "macro"]);
  const unknown = there.filter(
    (name) =>
      !allowedFunctions.has(name) &&
      !refusedFunctions.includes(name) &&
      !refusedPrefixes.some((prefix) => name.startsWith(prefix)),
  );
  expect(unknown).toEqual([]);
  expect(refusedFunctions.filter((name) => allowedFunctions.has(name))).toEqual([]);
});

it("every table function of this DuckDB was looked at", async () => {
  const there = await namesOf(["table", "table_macro"]);
  const unknown = there.filter((name) => !allowedTableFunctions.has(name) && !refusedTableFunctions.includes(name));
  expect(unknown).toEqual([]);
  expect(refusedTableFunctions.filter((name) => allowedTableFunctions.has(name))).toEqual([]);
});
