import { describe, expect, test } from "vitest";

import type { Column, ColumnType, SchemaMode } from "@millrace/contract";

import { parseExactJson } from "../../ingest/parse-json.ts";
import { compileRecordValidator } from "./record-validator.ts";

const column = (name: string, type: ColumnType, more: Partial<Column> = {}): Column => ({
  fieldId: name.length * 1_000 + name.charCodeAt(0),
  name,
  type,
  nullable: true,
  ...more,
});

function validator(columns: readonly Column[], schemaMode: SchemaMode = "strict", primaryKey: readonly number[] = []) {
  return compileRecordValidator({ columns, schemaMode, primaryKey });
}

/** What becomes of one value, as JSON text, in a column of a type: the JSON text that is stored, or the code of the fault. */
function store(type: ColumnType, value: string): string {
  const result = validator([column("v", type)]).check(parseExactJson(`{"v":${value}}`));
  if (!result.ok) return result.errors.map(({ code }) => code).join(" ");
  return JSON.stringify(result.payload).slice('{"v":'.length, -1);
}

describe("a value that fits is stored as it was sent", () => {
  const cases: readonly (readonly [ColumnType, readonly string[]])[] = [
    ["boolean", ["true", "false", "null"]],
    ["int32", ["0", "2147483647", "-2147483648"]],
    ["int64", ["9007199254740993", "9223372036854775807", "-9223372036854775808", "1152921504606846976", "5"]],
    ["float64", ["1.5", "-0.25", "5e-324", "1.7976931348623157e+308", "0.10000000000000000555", "3"]],
    ["varchar", ['""', '"text"', '"😀"', '"\\t"']],
    ["timestamp", ['"2026-01-31T12:00:00Z"', '"2024-02-29T23:59:59.123456Z"', '"0001-01-01T00:00:00Z"']],
    ["date", ['"2024-02-29"', '"9999-12-31"', '"0001-01-01"']],
    ["uuid", ['"0198a3c4-5d6e-7f80-9a1b-2c3d4e5f6071"']],
    ["json", ['{"a":[1,null,"x",{"b":12345678901234567890123}]}', "1", '"x"', "[]"]],
    [{ list: "int32", fieldId: 9 }, ["[]", "[1,null,2]"]],
    [{ struct: [{ fieldId: 9, name: "a", type: "int32" }] }, ["{}", '{"a":1}', '{"a":null}']],
    ["decimal(4,2)", ["12", "-99"]],
  ];
  test.each(cases)("%j", (type, values) => {
    expect(values.map((value) => store(type, value))).toEqual(values);
  });
});

describe("a value that does not fit is refused, never bent", () => {
  const cases: readonly (readonly [ColumnType, Readonly<Record<string, string>>])[] = [
    ["boolean", { '"yes"': "wrong_type", "1": "wrong_type" }],
    ["int32", { "1.7": "lossy_number", "2147483648": "out_of_range", '"1"': "wrong_type", "1e400": "out_of_range" }],
    [
      "int64",
      {
        "9223372036854775808": "out_of_range",
        "-9223372036854775809": "out_of_range",
        "9007199254740993.5": "lossy_number",
        "1.7": "lossy_number",
        "1e400": "out_of_range",
        "1e999999999": "out_of_range",
        '"1"': "wrong_type",
        true: "wrong_type",
        "[1]": "wrong_type",
      },
    ],
    [
      "float64",
      { "1e400": "out_of_range", "1e-400": "out_of_range", "9007199254740993": "lossy_number", '"1"': "wrong_type" },
    ],
    [
      "decimal(4,2)",
      {
        "12.345": "lossy_number",
        "123": "out_of_range",
        "1e400": "out_of_range",
        '"1e1"': "wrong_type",
        '" 1"': "wrong_type",
        true: "wrong_type",
      },
    ],
    ["varchar", { '"\\u0000"': "invalid_text", '"\\ud800"': "invalid_text", "1": "wrong_type" }],
    [
      "timestamp",
      {
        '"2026-01-31T12:00:00"': "invalid_timestamp",
        '"2026-01-31 12:00:00Z"': "invalid_timestamp",
        '"2026-02-29T12:00:00Z"': "invalid_timestamp",
        '"2026-01-31T24:00:00Z"': "invalid_timestamp",
        '"2026-01-31T12:00:60Z"': "invalid_timestamp",
        '"2026-01-31T12:00Z"': "invalid_timestamp",
        '"2026-01-31T12:00:00.1234567Z"': "invalid_timestamp",
        '"2026-01-31T12:00:00.Z"': "invalid_timestamp",
        '"2026-01-31T12:00:00+0200"': "invalid_timestamp",
        '"2026-01-31T12:00:00+24:00"': "invalid_timestamp",
        '"0000-01-01T00:00:00Z"': "invalid_timestamp",
        '"0001-01-01T00:00:00+01:00"': "invalid_timestamp",
        '"9999-12-31T23:59:59-00:01"': "invalid_timestamp",
        '"2026-01-31T12:00:00ZZ"': "invalid_timestamp",
        '"2026-01-31T12:00:00Z\\n"': "invalid_timestamp",
        "1769860800": "wrong_type",
      },
    ],
    [
      "date",
      {
        '"2023-02-29"': "invalid_date",
        '"0000-01-01"': "invalid_date",
        '"2023-2-9"': "invalid_date",
        '"2023-01-32"': "invalid_date",
        '"2023-13-01"': "invalid_date",
        '"1900-02-29"': "invalid_date",
        "20230101": "wrong_type",
      },
    ],
    ["uuid", { '"0198a3c45d6e7f809a1b2c3d4e5f6071"': "invalid_uuid", "1": "wrong_type" }],
    ["json", { '{"\\ud800":1}': "invalid_text", '[{"a":"\\u0000"}]': "invalid_text", "[1e400]": "out_of_range" }],
    [
      { list: "int32", fieldId: 9 },
      { "[1.5]": "lossy_number", "{}": "wrong_type", "12345678901234567890": "wrong_type" },
    ],
    [
      { struct: [{ fieldId: 9, name: "a", type: "int32" }] },
      { '{"b":1}': "unknown_field", "[]": "wrong_type", '{"a":"x"}': "wrong_type" },
    ],
  ];
  test.each(cases)("%j", (type, values) => {
    expect(Object.fromEntries(Object.keys(values).map((value) => [value, store(type, value)]))).toEqual(values);
  });
});

test("what DuckDB would bend is stored in a form that it does not", () => {
  expect(store("decimal(38,2)", "12345678901234567.89")).toBe('"12345678901234567.89"');
  expect(store("decimal(38,37)", "0.1")).toBe('"0.1"');
  expect(store("decimal(6,3)", "1.5e-3")).toBe("lossy_number");
  expect(store("decimal(6,4)", "1.5e-3")).toBe('"0.0015"');
  expect(store("decimal(20,0)", "12345678901234567890")).toBe('"12345678901234567890"');
  expect(store("decimal(4,2)", '"-09.50"')).toBe('"-9.5"');
  expect(store("timestamp", '"2026-01-01T00:30:00.123456+02:00"')).toBe('"2025-12-31T22:30:00.123456Z"');
  expect(store("timestamp", '"2026-01-01t00:30:00z"')).toBe('"2026-01-01T00:30:00Z"');
  expect(store("float64", "-0")).toBe("-0.0");
  expect(store("int64", "9007199254740993.0")).toBe("9007199254740993");
  expect(store({ list: "decimal(4,2)", fieldId: 9 }, "[1.5,null,2]")).toBe('["1.5",null,2]');
  expect(store({ struct: [{ fieldId: 9, name: "a", type: "decimal(4,2)" }] }, '{"a":1.5}')).toBe('{"a":"1.5"}');
});

test("the record that was given is never changed", () => {
  const record = { v: 1.5, extra: 1 };
  const result = validator([column("v", "decimal(4,2)")], "ignore").check(record);
  expect(result).toMatchObject({ ok: true, payload: { v: "1.5" } });
  expect(record).toEqual({ v: 1.5, extra: 1 });
});

test("every fault of a record is told with its path, what was expected and what was got", () => {
  const columns = [
    column("user_id", "int64", { nullable: false }),
    column("tags", { list: { struct: [{ fieldId: 8, name: "n", type: "varchar" }] }, fieldId: 9 }),
    column("at", "timestamp", { nullable: false }),
    column("n", "int32", { nullable: false }),
  ];
  const result = validator(columns).check({ userId: 5, tags: [{ n: "a" }, { n: 1 }], at: null, n: 1.7 });
  expect(result).toEqual({
    ok: false,
    errors: [
      { path: "payload.userId", code: "unknown_field", message: "This field is not known; did you mean user_id?" },
      { path: "payload.tags.1.n", code: "wrong_type", message: "Text; got 1." },
      { path: "payload.at", code: "required", message: "A value: the column is not nullable; got null." },
      { path: "payload.n", code: "lossy_number", message: "A whole number from -2147483648 to 2147483647; got 1.7." },
      { path: "payload.user_id", code: "required", message: "A value: the column is not nullable and has no default." },
    ],
  });
});

test.each([[null], [[]], ["text"], [5], [parseExactJson("12345678901234567890")]])("%j is no payload", (payload) => {
  expect(validator([]).check(payload)).toMatchObject({ ok: false, errors: [{ path: "payload", code: "wrong_type" }] });
});

test("a column with a default may be left out, and stays out; null is not its default", () => {
  const check = validator([column("v", "int32", { nullable: false, default: "7" })]);
  expect(check.check({})).toEqual({ ok: true, payload: {}, unknown: [] });
  expect(check.check({ v: null })).toMatchObject({ ok: false, errors: [{ path: "payload.v", code: "required" }] });
});

test("names of JavaScript's own are names like others", () => {
  const check = validator([column("constructor", "int32", { nullable: false })]);
  expect(check.check({})).toMatchObject({ ok: false, errors: [{ path: "payload.constructor", code: "required" }] });
  expect(check.check({ constructor: 1 })).toMatchObject({ ok: true });
  expect(check.check(JSON.parse('{"constructor":1,"__proto__":1}'))).toMatchObject({
    ok: false,
    errors: [{ path: "payload.__proto__", code: "unknown_field" }],
  });
});

describe("fields that the table doesn't have", () => {
  const columns = [column("v", "int32"), column("s", { struct: [{ fieldId: 9, name: "a", type: "int32" }] })];

  test("are left out and named in ignore mode, those of structs too", () => {
    const result = validator(columns, "ignore").check({ v: 1, x: { y: "\0" }, s: { a: 1, b: 2 } });
    expect(result).toEqual({ ok: true, payload: { v: 1, s: { a: 1 } }, unknown: ["x"] });
  });

  test("are kept and named in evolve mode, unless no column can be made for them", () => {
    const evolve = validator(columns, "evolve");
    expect(evolve.check({ v: 1, x: 2, y: null })).toEqual({ ok: true, payload: { v: 1, x: 2 }, unknown: ["x"] });
    for (const name of ["V", "_x", "a b", "__proto__", "x".repeat(64)]) {
      expect(evolve.check(JSON.parse(`{"${name}":1}`))).toMatchObject({
        ok: false,
        errors: [{ code: "unknown_field" }],
      });
    }
    expect(evolve.check({ s: { b: 1 } })).toMatchObject({ ok: false, errors: [{ path: "payload.s.b" }] });
    expect(evolve.check({ s: { b: null } })).toEqual({ ok: true, payload: { s: {} }, unknown: [] });
  });
});

describe("a table", () => {
  const columns = [column("k", "int32", { nullable: false }), column("val", "int32", { nullable: false })];
  const keyed = validator(columns, "strict", [columns[0]?.fieldId ?? 0]);

  test("with a primary key needs no more than the key to delete", () => {
    expect(keyed.check({ k: 1 }, "delete")).toMatchObject({ ok: true });
    expect(keyed.check({ k: 1, val: null }, "delete")).toMatchObject({ ok: true });
    expect(keyed.check({ val: 1 }, "delete")).toMatchObject({
      ok: false,
      errors: [{ path: "payload.k", code: "required" }],
    });
    expect(keyed.check({ k: 1, val: "x" }, "delete")).toMatchObject({ ok: false, errors: [{ path: "payload.val" }] });
    expect(keyed.check({ k: 1 }, "upsert")).toMatchObject({
      ok: false,
      errors: [{ path: "payload.val", code: "required" }],
    });
  });

  test("without one takes inserts only", () => {
    const plain = validator(columns);
    for (const op of ["upsert", "delete"] as const) {
      expect(plain.check({ k: 1, val: 1 }, op)).toMatchObject({
        ok: false,
        errors: [{ path: "op", code: "op_not_allowed" }],
      });
    }
  });
});
