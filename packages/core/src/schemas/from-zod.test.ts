import {
  assert,
  constantFrom,
  dictionary,
  double,
  integer,
  jsonValue,
  oneof,
  property,
  string,
  uuid,
} from "fast-check";
import { describe, expect, it, test } from "vitest";
import { z } from "zod";

import { type Json, type JsonObject, isMillraceError } from "@millrace/contract";

import { compileSchema, stepsMax } from "./compile-schema.ts";
import { schemaFromZod } from "./from-zod.ts";

interface Tree {
  readonly value: number;
  readonly children?: readonly Tree[] | undefined;
}
const tree: z.ZodType<Tree> = z.lazy(() => z.strictObject({ value: z.number(), children: z.array(tree).optional() }));

/** Schemas as people write them, and what trips translations up. */
const samples: Readonly<Record<string, z.ZodType>> = {
  object: z.object({ to: z.email(), subject: z.string().min(1).max(20), copies: z.int().min(1).default(1) }),
  strict: z.strictObject({ a: z.string(), b: z.number().optional() }),
  loose: z.looseObject({ a: z.literal(["x", 1, null]) }),
  catchall: z.object({ a: z.string() }).catchall(z.number()),
  union: z.union([z.string(), z.number(), z.null()]),
  exclusive: z.xor([z.string().min(3), z.coerce.number()]),
  discriminated: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("a"), a: z.string() }),
    z.object({ kind: z.literal("b"), b: z.number() }),
  ]),
  intersection: z.intersection(z.strictObject({ a: z.string() }), z.strictObject({ b: z.number() })),
  array: z.array(z.string()).min(1).max(3),
  tuple: z.tuple([z.string(), z.number().optional()], z.boolean()),
  record: z.record(z.string().min(2), z.number()),
  numbers: z.record(z.number(), z.string()),
  listed: z.record(z.enum(["a", "b"]), z.string().optional()),
  partial: z.partialRecord(z.enum(["a", "b"]), z.string()),
  tree,
  json: z.json(),
  coerced: z.object({ n: z.coerce.number().min(3), s: z.coerce.string(), b: z.coerce.boolean() }),
  preprocessed: z.object({ n: z.preprocess((value) => Number(value), z.number()) }),
  caught: z.object({ s: z.string().catch("x"), n: z.number().min(5).catch(5) }),
  anything: z.object({ a: z.unknown(), b: z.any(), c: z.never().optional() }),
  transformed: z.object({ s: z.string().transform((text) => text.length) }),
  piped: z.string().transform(Number).pipe(z.number().min(3)),
  codec: z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (at) => at.toISOString() }),
  trimmed: z.string().trim().min(1).max(3),
  shouted: z
    .string()
    .toUpperCase()
    .regex(/^[A-Z]+$/),
  sized: z.string().min(2).max(4),
  exact: z.string().length(2),
  insensitive: z.string().regex(/^[a-z]+$/i),
  spaced: z.string().regex(/^\s*\S+\s*$/),
  hyphen: z.string().regex(/^[\w-.]+$/),
  several: z.string().regex(/a/).startsWith("b").endsWith("c").includes("x", { position: 1 }),
  template: z.templateLiteral(["v", z.int(), ".", z.enum(["a", "b"])]),
  prices: z.number().multipleOf(0.01).min(0),
  multiples: z.number().multipleOf(3).multipleOf(2).gt(-100),
  int: z.int32(),
  email: z.email(),
  otherEmail: z.email({ pattern: z.regexes.unicodeEmail }),
  url: z.url(),
  uuid: z.uuid(),
  guid: z.guid(),
  ulid: z.ulid(),
  hostname: z.hostname(),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  cidr: z.cidrv6(),
  base64: z.base64(),
  emoji: z.emoji(),
  jwt: z.jwt(),
  time: z.iso.time(),
  date: z.iso.date(),
  local: z.iso.datetime({ local: true, offset: true }),
  minutes: z.iso.datetime({ precision: -1 }),
  duration: z.iso.duration(),
  bool: z.stringbool(),
  nullish: z.object({ a: z.string().nullish(), b: z.string().prefault("x"), c: z.string().readonly() }),
  refined: z.string().refine((text) => text.startsWith("a")),
  described: z.object({ a: z.string().meta({ id: "A", title: "t", colour: "red" }) }).describe("d"),
  nonoptional: z.object({ a: z.string().optional().nonoptional() }),
};

const fixedTexts = [
  "",
  "a",
  "ab",
  "abc",
  "b",
  "bxac",
  " a ",
  "  ab  ",
  "\u00a0a",
  "ABC",
  "aé",
  "😀",
  "😀😀",
  "a.b-c",
  "v1.a",
  "1",
  "-1.5",
  "true",
  "12",
  "a@example.com",
  "ü@example.com",
  "https://example.com/a b",
  "example.com",
  "1.2.3.4",
  "::1",
  "::/8",
  "YQ==",
  "P1D",
  "2020-01-01",
  "12:30",
  "2020-01-01T00:00:00Z",
  "2020-01-01T00:00",
  "2020-01-01T00:00Z",
  "2020-01-01T00:00:00+02:00",
  "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  "00000000-0000-0000-0000-000000000000",
  "eyJhbGciOiJIUzI1NiJ9.e30.AA",
];
const scalar = oneof(
  constantFrom(...fixedTexts),
  string({ unit: "grapheme" }),
  uuid(),
  integer({ min: -3, max: 12 }),
  double({ noNaN: true }),
  constantFrom(0.29, 6, true, false, null),
);
const keys = constantFrom("a", "b", "c", "n", "s", "to", "subject", "copies", "kind", "value", "children", "1", "x y");
const scalars = dictionary(keys, scalar, { maxKeys: 5 });
const fixedPayloads: readonly unknown[] = [
  ...fixedTexts,
  0.29,
  1_001_595.69,
  5,
  6,
  [],
  {},
  ["a"],
  ["a", 1, true],
  { to: "a@example.com", subject: "😀" },
  { kind: "a", a: "" },
  { kind: "b", b: 1, extra: 1 },
  { a: "" },
  { a: "", b: 1 },
  { n: "5" },
  { n: "5", s: 1, b: 0 },
  { s: "x" },
  { a: "x" },
  { a: null },
  { value: 1, children: [{ value: 2, children: [] }, { value: 3 }] },
];
const payloads = oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 3, arbitrary: scalars },
  dictionary(keys, oneof(scalar, scalars), { maxKeys: 4 }),
  jsonValue(),
);

const asPayload = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json;

/** Of a large fraction zod takes the remainder from fewer digits than it has: 194594870454329.84 is a multiple of 2 and 3 to it. */
const isBeyondZod = (payload: Json) =>
  typeof payload === "number" && !Number.isInteger(payload) && Math.abs(payload) > 2 ** 32;

describe("a schema that is published", () => {
  test.each(Object.keys(samples))("accepts what zod accepts: %s", (name) => {
    const sample = samples[name] ?? z.never();
    const validator = compileSchema(schemaFromZod(sample));
    let accepted = 0;
    const hold = (value: unknown) => {
      const payload = asPayload(value);
      if (isBeyondZod(payload) || !sample.safeParse(payload).success) return;
      accepted++;
      const problems = validator.problems(payload, { stepsLeft: stepsMax });
      expect({ payload, problems }).toEqual({ payload, problems: [] });
    };
    for (const value of fixedPayloads) hold(value);
    assert(property(payloads, hold), { numRuns: 500 });
    expect(accepted).toBeGreaterThan(0);
  });

  it("refuses what can be said to be wrong", () => {
    const refuses = (name: string, payload: Json) =>
      compileSchema(schemaFromZod(samples[name] ?? z.any())).problems(payload, { stepsLeft: stepsMax }).length > 0;
    expect(refuses("object", { to: "nobody", subject: "x" })).toBe(true);
    expect(refuses("object", { to: "a@example.com" })).toBe(true);
    expect(refuses("strict", { a: "", c: 1 })).toBe(true);
    expect(refuses("discriminated", { kind: "a" })).toBe(true);
    expect(refuses("tree", { value: 1, children: [{ value: "x" }] })).toBe(true);
    expect(refuses("insensitive", "a1")).toBe(true);
    expect(refuses("several", "abc")).toBe(true);
    expect(refuses("uuid", "no")).toBe(true);
    expect(refuses("hostname", "-")).toBe(true);
    expect(refuses("local", "yesterday")).toBe(true);
    expect(refuses("sized", "")).toBe(true);
    expect(refuses("multiples", 3)).toBe(true);
  });

  it("is the same JSON for the same definition, so that publishing again makes no version", () => {
    const make = () => schemaFromZod(z.object({ a: z.email(), b: z.array(z.int()) }));
    const expected: JsonObject = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: {
        a: { type: "string", format: "email", pattern: z.regexes.email.source },
        b: {
          type: "array",
          items: { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
        },
      },
      required: ["a", "b"],
    };
    expect([make(), make()]).toEqual([expected, expected]);
  });
});

test.each<readonly [string, z.ZodType, string]>([
  ["a date", z.object({ at: z.date() }), "Date cannot be represented"],
  ["a big integer", z.bigint(), "BigInt cannot be represented"],
  ["a map", z.map(z.string(), z.string()), "Map cannot be represented"],
  ["a class", z.object({ a: z.instanceof(URL) }), "Custom types cannot be represented"],
  ["a pattern that looks ahead", z.string().regex(/^(?=a)/), "Looking ahead is not supported."],
  ["a pattern over lines", z.string().regex(/^a$/m), "The flags m of the pattern ^a$ are not supported."],
])("%s can't be said, and is not left out", (_, schema, message) => {
  try {
    schemaFromZod(schema);
    expect.unreachable();
  } catch (error) {
    if (!isMillraceError(error, "VALIDATION_FAILED")) throw error;
    expect(error.errors).toEqual([{ path: "", code: "not_json_schema", message: expect.stringContaining(message) }]);
  }
});
