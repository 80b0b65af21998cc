import { DuckDBInstance } from "@duckdb/node-api";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Column, ColumnType } from "@millrace/contract";
import { jsonStructure } from "@millrace/lake";

import { isRawJson, parseExactJson } from "../../ingest/parse-json.ts";
import { exactNumber, plainText } from "./exact-number.ts";
import { compileRecordValidator } from "./record-validator.ts";

let duckdb: DuckDBInstance;
let connection: Awaited<ReturnType<DuckDBInstance["connect"]>>;

beforeAll(async () => {
  duckdb = await DuckDBInstance.create(":memory:");
  connection = await duckdb.connect();
  await connection.run("set TimeZone = 'UTC'");
});
afterAll(() => {
  connection.closeSync();
  duckdb.closeSync();
});

/** A type with JSON texts of values for it, right and wrong. */
interface Sample {
  readonly type: ColumnType;
  readonly values: readonly string[];
}

const digits = (maxLength: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength })
    .map((all) => all.join("").replace(/^0+(?=\d)/, ""));

/** Numbers as JSON has them, with more digits than a double holds. */
const numberText = fc
  .tuple(fc.boolean(), digits(24), fc.option(digits(24)), fc.option(fc.integer({ min: -30, max: 30 })))
  .map(([minus, whole, fraction, exponent]) =>
    [minus ? "-" : "", whole, fraction === null ? "" : `.${fraction}`, exponent === null ? "" : `e${exponent}`].join(
      "",
    ),
  );
const wholeText = fc.oneof(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String), fc.integer().map(String));
const floatText = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value));
const text = fc.string({ unit: "binary", maxLength: 20 }).map((value) => JSON.stringify(value));
const anyDate = fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
const zone = fc.oneof(
  fc.constant("Z"),
  fc
    .tuple(fc.constantFrom("+", "-"), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map(([sign, hours, minutes]) => `${sign}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`),
);
const timeText = fc
  .tuple(anyDate, fc.option(digits(6)), zone)
  .map(
    ([at, fraction, offset]) => `"${at.toISOString().slice(0, 19)}${fraction === null ? "" : `.${fraction}`}${offset}"`,
  );
const dateText = fc
  .tuple(fc.integer({ min: 1, max: 9_999 }), fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 31 }))
  .map(([y, m, d]) => `"${String(y).padStart(4, "0")}-${String(m).padStart(2, "0")}-${String(d).padStart(2, "0")}"`);
const jsonText = fc.json({ maxDepth: 3 });
const anything = fc.oneof(
  numberText,
  wholeText,
  floatText,
  text,
  timeText,
  dateText,
  jsonText,
  fc.constantFrom("true", "null"),
);

const decimalType = fc
  .integer({ min: 1, max: 38 })
  .chain((p) => fc.integer({ min: 0, max: p }).map((s) => `decimal(${p},${s})` as const));
const fitting: Readonly<Record<string, fc.Arbitrary<string>>> = {
  boolean: fc.constantFrom("true", "false"),
  int32: fc.integer().map(String),
  int64: wholeText,
  float64: fc.oneof(floatText, numberText, fc.constant("-0")),
  varchar: text,
  timestamp: timeText,
  date: dateText,
  uuid: fc.uuid().map((id) => `"${id.toUpperCase()}"`),
  json: jsonText,
};
const scalar = fc.oneof(fc.constantFrom(...Object.keys(fitting)), decimalType).map((type) => type as ColumnType);

const { type: anyType } = fc.letrec<{ type: ColumnType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    tie("type").map((list) => ({ list, fieldId: 1 })),
    fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map((types) => ({
      struct: types.map((type, at) => ({ fieldId: 1, name: `f${at}`, type })),
    })),
  ),
}));

function valueOf(type: ColumnType): fc.Arbitrary<string> {
  return fc.oneof({ weight: 12, arbitrary: fittingOf(type) }, { weight: 1, arbitrary: anything });
}

function fittingOf(type: ColumnType): fc.Arbitrary<string> {
  if (typeof type === "string") return fitting[type] ?? fc.oneof(numberText, floatText, wholeText);
  if ("list" in type) return fc.array(valueOf(type.list), { maxLength: 3 }).map((all) => `[${all.join(",")}]`);
  return fc
    .tuple(...type.struct.map((field) => fc.option(valueOf(field.type))))
    .map((all) => all.flatMap((value, at) => (value === null ? [] : [`"${type.struct[at]?.name}":${value}`])).join(","))
    .map((members) => `{${members}}`);
}

const sample: fc.Arbitrary<Sample> = anyType.chain((type) =>
  fc.array(valueOf(type), { minLength: 8, maxLength: 8 }).map((values) => ({ type, values })),
);

/** What the sent value means in its type, in one spelling. */
function meaning(type: ColumnType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof type === "object") {
    if ("list" in type) return (value as readonly unknown[]).map((element) => meaning(type.list, element));
    const members = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(type.struct.map((field) => [field.name, meaning(field.type, members[field.name])]));
  }
  if (type === "json") return jsonMeaning(value);
  const sent = isRawJson(value) ? value.rawJSON : textOf(value);
  if (type === "int32" || type === "int64" || type.startsWith("decimal")) return plainText(exactNumber(sent));
  if (type === "float64") return floatName(Object.is(value, -0) ? -0 : Number(sent));
  if (type === "uuid") return sent.toLowerCase();
  if (type === "timestamp") return microseconds(sent);
  return value;
}

function jsonMeaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonMeaning);
  if (typeof value === "number") return floatName(Object.is(value, -0) ? 0 : value);
  if (typeof value !== "object" || value === null) return value;
  if (isRawJson(value)) return plainOrFloat(value.rawJSON);
  return new Map(
    Object.entries(value)
      .map(([name, member]) => [name, jsonMeaning(member)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Numbers, booleans, text, and what DuckDB has classes for, as text. */
const textOf = (value: unknown) => (value as { toString(): string }).toString();
const plainOrFloat = (raw: string) => (/^-?\d+$/.test(raw) ? raw : floatName(Number(raw)));
const floatName = (value: number) => (Object.is(value, -0) ? "-0" : String(value));

function microseconds(time: string): string {
  const [, seconds = "", fraction = "", offset = ""] = /^(.{19})(?:\.(\d+))?(.+)$/.exec(time) ?? [];
  return String(BigInt(Date.parse(seconds + offset)) * 1_000n + BigInt(fraction.padEnd(6, "0")));
}

/** What DuckDB says of a value that it has read, in the same spelling. */
function readBack(type: ColumnType, value: unknown): unknown {
  if (value === null) return null;
  if (typeof type === "object") {
    if ("list" in type) return (value as { items: readonly unknown[] }).items.map((item) => readBack(type.list, item));
    const { entries } = value as { entries: Readonly<Record<string, unknown>> };
    return Object.fromEntries(
      type.struct.map((field) => [field.name, readBack(field.type, entries[field.name] ?? null)]),
    );
  }
  if (type === "timestamp") return String((value as { micros: bigint }).micros);
  if (type === "float64") return floatName(Number(value));
  if (type === "json") return jsonMeaning((parseExactJson(`[${textOf(value)}]`) as readonly unknown[])[0]);
  if (type.startsWith("decimal")) return plainText(exactNumber(textOf(value)));
  return typeof value === "boolean" ? value : textOf(value);
}

test("whatever is accepted, DuckDB reads back as it was sent", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(sample, async ({ type, values }) => {
      const column: Column = { fieldId: 1, name: "v", type, nullable: true };
      const validator = compileRecordValidator({ columns: [column], schemaMode: "strict", primaryKey: [] });
      const kept = values.flatMap((value) => {
        const payload = parseExactJson(`{"v":${value}}`) as { readonly v: unknown };
        const result = validator.check(payload);
        return result.ok ? [{ sent: payload.v, stored: JSON.stringify(result.payload) }] : [];
      });
      if (kept.length === 0) return;
      accepted += kept.length;
      const structure = jsonStructure({ struct: [{ fieldId: 1, name: "v", type }] }).replaceAll("'", "''");
      const sql = kept.map((_, at) => `(${at}, $${at + 1}::varchar)`).join(",");
      const reader = await connection.runAndReadAll(
        `select from_json(payload, '${structure}').v from (values ${sql}) sent(place, payload) order by place`,
        kept.map(({ stored }) => stored),
      );
      const read = reader.getRows().map(([value]) => readBack(type, value ?? null));
      expect(read).toEqual(kept.map(({ sent }) => meaning(type, sent)));
    }),
    { numRuns: 500 },
  );
  // It would hold of a validator that refuses everything.
  expect(accepted).toBeGreaterThan(500);
});
