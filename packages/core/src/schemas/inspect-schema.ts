import { type FieldError, type Json, type JsonObject, payloadSchemaLimits } from "@millrace/contract";

import { formats } from "./formats.ts";
import { type Dialect, type Holds, annotations, applicatorsOf, assertionsOf } from "./keywords.ts";
import { PatternError, type SafePattern, compilePattern } from "./pattern.ts";

/** What was found in a schema. */
export interface Inspected {
  readonly problems: readonly FieldError[];
  readonly patterns: ReadonlyMap<string, SafePattern>;
  /** Every object in it that is a schema, and how much one visit to it costs. */
  readonly weights: ReadonlyMap<JsonObject, number>;
}

/** This many characters of a schema cost one step more to visit. */
const charactersPerStep = 100;

/** Looks through a schema for what can't be compiled or would be dangerous to run, and names every place. */
export function inspectSchema(schema: JsonObject, dialect: Dialect): Inspected {
  const problems: FieldError[] = [];
  const patterns = new Map<string, SafePattern>();
  const weights = new Map<JsonObject, number>();
  const pointers = new Set<string>();
  const anchors = new Set<string>();
  const references: { readonly path: string; readonly ref: string }[] = [];

  const refuse = (path: string, code: string, message: string) => problems.push({ path, code, message });

  function pattern(source: string, path: string): void {
    if (patterns.has(source)) return;
    if (source.length > payloadSchemaLimits.patternCharactersMax) {
      refuse(path, "too_big", `A pattern has at most ${payloadSchemaLimits.patternCharactersMax} characters.`);
      return;
    }
    if (patterns.size >= payloadSchemaLimits.patternsMax) {
      refuse(path, "too_big", `A schema has at most ${payloadSchemaLimits.patternsMax} patterns.`);
      return;
    }
    try {
      patterns.set(source, compilePattern(source));
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      refuse(path, "invalid_pattern", error.message);
    }
  }

  function keyword(name: string, value: Json, path: string): void {
    if (name === "pattern" && typeof value === "string") pattern(value, path);
    else if (name === "patternProperties" && isObject(value)) {
      for (const source of Object.keys(value)) pattern(source, path);
    } else if (name === "format" && typeof value === "string" && !formats.has(value)) {
      refuse(path, "unknown_format", `The formats that are checked: ${[...formats.keys()].join(", ")}.`);
    } else if (name === "$ref" && typeof value === "string") references.push({ path, ref: value });
    else if (name === "$anchor" && typeof value === "string") anchors.add(value);
  }

  function visit(value: Json, path: string, pointer: string): void {
    pointers.add(pointer);
    // What else is no object, the draft's own schema refuses.
    if (!isObject(value)) return;
    if (weights.size > payloadSchemaLimits.subschemasMax) return;
    let ownCharacters = 0;
    let schemasInside = 0;
    for (const [name, member] of Object.entries(value)) {
      const holds = applicatorsOf[dialect].get(name);
      const at = `${path}.${name}`;
      if (name === "$schema" || name === "$id") {
        if (pointer !== "") refuse(at, "unsupported_keyword", "Only the whole schema can have it.");
      } else if (holds === undefined && !annotations.has(name) && !assertionsOf[dialect].has(name)) {
        refuse(at, "unsupported_keyword", `This is no keyword of ${dialect}, or not supported.`);
      }
      keyword(name, member, at);
      if (holds === undefined) {
        if (!annotations.has(name)) ownCharacters += JSON.stringify(member).length;
        continue;
      }
      for (const [key, inner] of membersOf(holds, member)) {
        schemasInside++;
        const inside = key === undefined ? "" : `/${encodePointer(key)}`;
        visit(inner, key === undefined ? at : `${at}.${key}`, `${pointer}/${encodePointer(name)}${inside}`);
      }
    }
    weights.set(value, 1 + schemasInside + Math.floor(ownCharacters / charactersPerStep));
  }

  visit(schema, "schema", "");
  if (weights.size > payloadSchemaLimits.subschemasMax) {
    refuse("schema", "too_big", `A schema is made of at most ${payloadSchemaLimits.subschemasMax} schemas.`);
  }
  for (const { path, ref } of references) {
    const target = fragmentOf(ref);
    if (target === undefined) refuse(path, "remote_ref", "A reference starts with #: nothing is fetched.");
    else if (!pointers.has(target) && !anchors.has(target))
      refuse(path, "unknown_ref", "It refers to no schema in here.");
  }
  return { problems, patterns, weights };
}

/** The schemas in the value of a keyword, by the key that leads to each. */
export function membersOf(holds: Holds, value: Json): readonly (readonly [key: string | undefined, schema: Json])[] {
  switch (holds) {
    case "schema":
      return [[undefined, value]];
    case "list":
      return Array.isArray(value) ? value.map((member: Json, index) => [String(index), member] as const) : [];
    case "schemaOrList":
      return membersOf(Array.isArray(value) ? "list" : "schema", value);
    case "map":
      return isObject(value) ? Object.entries(value) : [];
    case "mapOfSchemasOrNames":
      return isObject(value) ? Object.entries(value).filter(([, member]) => !Array.isArray(member)) : [];
    default:
      return holds satisfies never;
  }
}

/** True for what is an object in JSON, an array not being one. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function encodePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** What a reference within the schema refers to: a JSON pointer or the name of an anchor. */
function fragmentOf(ref: string): string | undefined {
  if (!ref.startsWith("#")) return undefined;
  try {
    return decodeURIComponent(ref.slice(1));
  } catch {
    return ref.slice(1);
  }
}
