import { describe, expect, it, test } from "vitest";

import { type Json, type JsonObject, isMillraceError } from "@millrace/contract";

import { compileSchema, stepsMax } from "./compile-schema.ts";

const problems = (schema: JsonObject, payload: Json, stepsLeft = stepsMax) =>
  compileSchema(schema).problems(payload, { stepsLeft });

/** Path and code of each problem that a schema itself has. */
function refusal(schema: JsonObject): readonly (readonly [path: string, code: string])[] {
  try {
    compileSchema(schema);
    return [];
  } catch (error) {
    if (!isMillraceError(error, "VALIDATION_FAILED")) throw error;
    return error.errors.map(({ path, code }) => [path, code]);
  }
}

const draft07 = "http://json-schema.org/draft-07/schema#";

describe("a payload", () => {
  test("that doesn't fit is told every problem: where, which keyword, what was expected", () => {
    const schema = {
      type: "object",
      required: ["to", "subject"],
      additionalProperties: false,
      properties: {
        to: { type: "string", format: "email" },
        "a.b": { type: "string" },
        "c/d~": { enum: ["x", 1] },
        items: { type: "array", items: { type: "integer", minimum: 1 }, uniqueItems: true },
      },
    };
    expect(problems(schema, { to: "nobody", items: [1, 0, 1], "c/d~": "y", extra: 1 })).toEqual([
      { path: "subject", code: "required", message: "Must have required property 'subject'." },
      { path: "extra", code: "additionalProperties", message: "Must not have additional properties." },
      { path: "to", code: "format", message: 'Must match format "email".' },
      { path: "c/d~", code: "enum", message: 'Must be equal to one of the allowed values: "x", 1.' },
      { path: "items.1", code: "minimum", message: "Must be >= 1." },
      { path: "items", code: "uniqueItems", message: "Must not have the same item twice." },
    ]);
    expect(problems(schema, { to: "a@example.com", subject: 1 })).toEqual([
      expect.objectContaining({ path: "subject", code: "additionalProperties" }),
    ]);
  });

  test("is told at most 50 problems", () => {
    const payload = Array.from({ length: 1_000 }, () => "no");
    expect(problems({ items: { type: "number" } }, payload)).toHaveLength(50);
  });

  test("is left as it is: nothing is filled in, removed or converted", () => {
    const schema = { properties: { a: { type: "string", default: "x" }, b: { type: "number" } } };
    const payload = { b: 1, c: 2 };
    expect(problems(schema, payload)).toEqual([]);
    expect(payload).toEqual({ b: 1, c: 2 });
    expect(problems(schema, { b: "1" })).toHaveLength(1);
  });

  test("has its own members only: what every JavaScript object has is not there", () => {
    expect(problems({ required: ["constructor"] }, {})).toHaveLength(1);
    expect(problems({ properties: { toString: { type: "number" } } }, {})).toEqual([]);
  });

  test("may be a price: multiples of 0.01 are found in spite of binary fractions", () => {
    expect(problems({ multipleOf: 0.01 }, 0.29)).toEqual([]);
    expect(problems({ multipleOf: 0.01 }, 0.295)).toHaveLength(1);
  });
});

describe("checking comes to an end", () => {
  it("for references that double at each level", () => {
    const levels = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `l${i}`,
        { allOf: [{ $ref: `#/$defs/l${i + 1}` }, { $ref: `#/$defs/l${i + 1}` }] },
      ]),
    );
    expect(refusal({ $ref: "#/$defs/l0", $defs: { ...levels, l40: { type: "object" } } })).toEqual([
      ["schema", "endless_ref"],
    ]);
  });

  it("for references that double at each level of the payload", () => {
    const schema = { properties: { a: { allOf: [{ $ref: "#" }, { $ref: "#" }] } } };
    let payload: Json = 1;
    for (let i = 0; i < 60; i++) payload = { a: payload };
    expect(problems(schema, payload)).toEqual([expect.objectContaining({ path: "", code: "too_complex" })]);
    expect(problems(schema, { a: { a: 1 } })).toEqual([]);
  });

  it("for a union that refers to itself, which one branch after the other has to be tried for", () => {
    const node = (kind: string) => ({
      type: "object",
      properties: { kind: { const: kind }, left: { $ref: "#" }, right: { $ref: "#" } },
      required: ["kind"],
    });
    const schema = { anyOf: [{ type: "number" }, ...["add", "sub", "mul", "div"].map(node)] };
    let payload: Json = 1;
    for (let i = 0; i < 30; i++) payload = { kind: "div", left: payload, right: 1 };
    expect(problems(schema, payload)).toEqual([]);
    expect(problems(schema, { kind: "div", left: payload, right: "x" }).length).toBeGreaterThan(0);
  });

  it("for many schemas on many items, on the budget that a request has for all of its payloads", () => {
    const schema = { items: { allOf: Array.from({ length: 500 }, () => ({ minimum: 0 })) } };
    const validator = compileSchema(schema);
    const budget = { stepsLeft: 100_000 };
    const payload = Array.from({ length: 60 }, () => 1);
    expect(validator.problems(payload, budget)).toEqual([]);
    expect(validator.problems(payload, budget)).toEqual([expect.objectContaining({ code: "too_complex" })]);
    expect(budget.stepsLeft).toBe(0);
  });

  it("for items that have to differ, in time in proportion to them", () => {
    const payload = Array.from({ length: 50_000 }, (_, i) => ({ i }));
    expect(problems({ uniqueItems: true }, payload)).toEqual([]);
    expect(
      problems({ uniqueItems: true }, [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ).toHaveLength(1);
  });
});

describe("a schema", () => {
  it("may be of draft 2020-12 or draft-07, and is read as that", () => {
    const tuple = { prefixItems: [{ type: "string" }], items: false };
    expect(problems({ $schema: "https://json-schema.org/draft/2020-12/schema", ...tuple }, ["a", 1])).toHaveLength(1);
    expect(problems({ $schema: draft07, items: [{ type: "string" }], additionalItems: false }, ["a", 1])).toHaveLength(
      1,
    );
    const dependencies = { a: ["b"], c: { required: ["d"] } };
    expect(problems({ $schema: draft07, dependencies }, { a: 1, c: 1 }).map(({ code }) => code)).toEqual([
      "dependencies",
      "required",
    ]);
    expect(refusal({ $schema: draft07, prefixItems: [] })).toEqual([["schema.prefixItems", "unsupported_keyword"]]);
    expect(refusal({ $schema: "http://json-schema.org/draft-04/schema#" })).toEqual([
      ["schema.$schema", "unsupported_dialect"],
    ]);
  });

  it("may refer to itself and to parts of itself, by place and by name", () => {
    const schema = {
      $id: "https://example.com/tree",
      $ref: "#/$defs/no%20de",
      $defs: { "no de": { $anchor: "node", properties: { next: { $ref: "#node" }, value: { type: "number" } } } },
    };
    expect(problems(schema, { next: { next: { value: 1 } } })).toEqual([]);
    expect(problems(schema, { next: { next: { value: "x" } } }).map(({ path }) => path)).toEqual(["next.next.value"]);
  });

  it("may say to people what it likes", () => {
    const said = {
      title: "t",
      description: "d",
      examples: [{ $id: "x", $ref: "http://x" }],
      default: {},
      $comment: "c",
    };
    expect(refusal({ ...said, properties: { a: { ...said, const: { $id: "y" } } } })).toEqual([]);
  });

  it("does not know of others that named the same", () => {
    const schema = (type: string) => ({
      $id: "https://example.com/a",
      $anchor: "a",
      enum: [{ $id: "https://b" }],
      type,
    });
    expect([refusal(schema("object")), refusal(schema("object"))]).toEqual([[], []]);
  });

  test.each<readonly [string, JsonObject, readonly (readonly [string, string])[]]>([
    [
      "an unknown keyword",
      { properties: { a: { tipe: "string" } } },
      [["schema.properties.a.tipe", "unsupported_keyword"]],
    ],
    ["a keyword of ajv's own", { $async: true }, [["schema.$async", "unsupported_keyword"]]],
    ["a reference to elsewhere", { $ref: "https://example.com/x" }, [["schema.$ref", "remote_ref"]]],
    ["a reference to nothing", { $ref: "#/$defs/x" }, [["schema.$ref", "unknown_ref"]]],
    ["a reference to what is no schema", { $ref: "#/default", default: {} }, [["schema.$ref", "unknown_ref"]]],
    ["a reference in a circle", { $ref: "#" }, [["schema", "endless_ref"]]],
    ["an inner $id", { not: { $id: "x" } }, [["schema.not.$id", "unsupported_keyword"]]],
    ["an unknown format", { items: { format: "colour" } }, [["schema.items.format", "unknown_format"]]],
    ["a pattern that could run away", { pattern: "(a)\\1" }, [["schema.pattern", "invalid_pattern"]]],
    ["a pattern for names", { patternProperties: { "(": true } }, [["schema.patternProperties", "invalid_pattern"]]],
    ["a long pattern", { pattern: "a".repeat(1_001) }, [["schema.pattern", "too_big"]]],
    [
      "a wrong type",
      { properties: { a: { type: "text" } } },
      [
        ["schema.properties.a.type", "enum"],
        ["schema.properties.a.type", "type"],
        ["schema.properties.a.type", "anyOf"],
      ],
    ],
    ["a keyword that does nothing", { if: { type: "string" } }, [["schema", "invalid_schema"]]],
    ["too much of it", { enum: ["x".repeat(70_000)] }, [["schema", "too_big"]]],
    ["too many schemas", { allOf: Array.from({ length: 1_000 }, () => ({})) }, [["schema", "too_big"]]],
  ])("is refused for %s, naming the place", (_, schema, expected) => {
    expect(refusal(schema)).toEqual(expected);
  });

  it("is refused for too many patterns", () => {
    const allOf = Array.from({ length: 101 }, (_, i) => ({ pattern: `a${i}` }));
    expect(refusal({ allOf })).toEqual([["schema.allOf.100.pattern", "too_big"]]);
  });

  it("is told all that is wrong with it at once", () => {
    expect(refusal({ x: 1, format: "y", $ref: "z" }).map(([path]) => path)).toEqual([
      "schema.x",
      "schema.format",
      "schema.$ref",
    ]);
  });
});
