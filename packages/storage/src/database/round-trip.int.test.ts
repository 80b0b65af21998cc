import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Parameter } from "../executor.ts";
import { testDatabase } from "../testing/test-database.ts";
import type { TestDatabase } from "../testing/test-database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase({ migrate: false });
});
afterAll(() => db.close());

async function there<Value>(type: string, value: Parameter): Promise<Value> {
  const [row] = await db.database.query<{ value: Value }>({ name: "round trip", text: `select $1::${type} as value` }, [
    value,
  ]);
  return row!.value;
}

// PostgreSQL stores no NUL, and half of a surrogate pair is no character.
const storable = fc.string({ unit: "binary", maxLength: 40 }).filter((text) => !text.includes("\0"));
const earliestMs = Date.UTC(-4712, 0, 1);
const date = fc.date({ min: new Date(earliestMs), max: new Date(8.64e15), noInvalidDate: true });

describe("a value comes back from PostgreSQL as it went in", () => {
  const kinds: readonly (readonly [type: string, arbitrary: fc.Arbitrary<Parameter>])[] = [
    ["text", storable],
    ["text[]", fc.array(fc.option(storable))],
    ["uuid[]", fc.array(fc.uuid())],
    ["boolean", fc.boolean()],
    ["boolean[]", fc.array(fc.option(fc.boolean()))],
    ["int8", fc.maxSafeInteger()],
    ["int8", fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n })],
    ["int8", fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) })],
    ["int4[]", fc.array(fc.option(fc.integer()))],
    ["float8", fc.double({ noNaN: false }).map((value) => (value === 0 ? 0 : value))],
    ["float8[]", fc.array(fc.double().map((value) => (value === 0 ? 0 : value)))],
    ["timestamptz", date],
    ["timestamptz[]", fc.array(fc.option(date))],
    ["bytea", fc.uint8Array()],
    ["text", fc.constant(null)],
  ];
  test.each(kinds)("%s", async (type, arbitrary) => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async (value) => {
        expect(await there(type, value)).toEqual(value);
      }),
      { numRuns: 60 },
    );
  });

  test("jsonb", async () => {
    const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes(String.raw`\u0000`));
    await fc.assert(
      fc.asyncProperty(json, async (value) => {
        expect(await there("json", JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 60 },
    );
  });
});

describe("a value that only PostgreSQL makes", () => {
  test.each([
    ["timestamptz", "infinity", new Date(8.64e15)],
    ["timestamptz", "-infinity", new Date(-8.64e15)],
    ["timestamptz", "2026-01-02 03:04:05.9999+05:30", new Date("2026-01-01T21:34:05.999Z")],
    ["int4[]", "[0:2]={1,NULL,3}", [1, null, 3]],
    [
      "int4[]",
      "{{1,2},{3,4}}",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["text[]", '{"NULL",null,""}', ["NULL", null, ""]],
    ["jsonb[]", String.raw`{"{\"a\":1}"}`, [{ a: 1 }]],
    ["numeric", "123456789012345678901234567890.5", "123456789012345678901234567890.5"],
    ["date", "2026-01-02", "2026-01-02"],
    ["timestamp", "2026-01-02 03:04:05", "2026-01-02 03:04:05"],
    ["interval", "1 day", "1 day"],
  ] as const)("%s %s is read as it is documented", async (type, text, value) => {
    expect(await there(type, text)).toEqual(value);
  });

  test("a time is read right in a session that does not run in UTC", async () => {
    const session = await db.database.connect();
    await session.exec("set timezone to 'Asia/Kolkata'");
    const rows = await session.query({
      name: "time",
      text: "select '2026-01-02 03:04:05.678+00'::timestamptz as at, '1800-01-01 00:00:00+00'::timestamptz as old",
    });
    expect(rows).toEqual([{ at: new Date("2026-01-02T03:04:05.678Z"), old: new Date("1800-01-01T00:00:00Z") }]);
    await session.close();
  });
});
