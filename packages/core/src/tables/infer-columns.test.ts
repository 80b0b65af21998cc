import { expect, test } from "vitest";

import { parseExactJson } from "../ingest/parse-json.ts";
import { inferColumns, unknownFields } from "./infer-columns.ts";

/** The type that these values, as JSON texts, make of a field; undefined for no column. */
function typeOf(...values: readonly string[]): unknown {
  const payloads = values.map((value) => parseExactJson(`{"v":${value}}`) as object);
  return inferColumns(unknownFields({ columns: [] }, payloads))[0]?.type;
}

test("a column's type holds every value that it was inferred from", () => {
  expect(typeOf("true", "false")).toBe("boolean");
  expect(typeOf("1", "9223372036854775807")).toBe("int64");
  expect(typeOf("9223372036854775808")).toBe("json");
  expect(typeOf("1.5")).toBe("float64");
  expect(typeOf("0.12345678901234567890123")).toBe("float64");
  expect(typeOf("1", "1.5", "2")).toBe("float64");
  expect(typeOf('"2026-01-31T12:00:00Z"')).toBe("varchar");
  expect(typeOf("[1]")).toBe("json");
  expect(typeOf('{"a":1}')).toBe("json");
  expect(typeOf("1", '"x"', "1.5")).toBe("json");
});

test("null says nothing of a type", () => {
  expect(typeOf("null")).toBeUndefined();
  expect(typeOf("null", "1", "null")).toBe("int64");
});

test("only what the table does not have becomes a column, and it may be null", () => {
  const columns = [{ fieldId: 1, name: "a", type: "int32", nullable: true } as const];
  expect(inferColumns(unknownFields({ columns }, [{ a: 1, b: 2 }, { c: "x" }, { b: 3 }]))).toEqual([
    { name: "b", type: "int64", nullable: true },
    { name: "c", type: "varchar", nullable: true },
  ]);
});
