import { z } from "zod";

import { type JsonObject, MillraceError } from "@millrace/contract";

import { formats } from "./formats.ts";
import { annotations, applicatorsOf, assertionsOf } from "./keywords.ts";
import { PatternError, compilePattern } from "./pattern.ts";

type Written = z.core.JSONSchema.BaseSchema;

/**
 * What a zod schema accepts as input, as a JSON Schema that accepts no less: what JSON Schema can't say exactly (a refinement, a conversion) is left to the
 * worker, which checks with zod itself. @throws VALIDATION_FAILED where nothing can be said, such as for a date or a map
 */
export function schemaFromZod(input: z.ZodType): JsonObject {
  try {
    const written = z.toJSONSchema(input, { io: "input", target: "draft-2020-12", override: loosen });
    return JSON.parse(JSON.stringify(written)) as JsonObject;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("VALIDATION_FAILED", "The schema can't be said in JSON Schema.", {
      errors: [{ path: "", code: "not_json_schema", message: reason }],
      cause,
    });
  }
}

/** How a schema or a check was defined: zod's own door for those that read its schemas. */
function defOf<Part extends Internals>({ _zod: { def } }: Part): Part["_zod"]["def"] {
  return def;
}

interface Internals {
  readonly _zod: { readonly def: unknown };
}

interface Overridden {
  readonly zodSchema: z.core.$ZodTypes;
  readonly jsonSchema: Written;
}

/** Takes back what zod's own translation says too strictly. */
function loosen({ zodSchema, jsonSchema }: Overridden): void {
  const def = defOf(zodSchema);
  if (acceptsAnything(def)) keepOnly(jsonSchema, []);
  // Checks behind such a change see another value than the one that is sent.
  else if (def.checks?.some((check) => defOf(check).check === "overwrite") ?? false) {
    keepOnly(jsonSchema, ["type", "items", "properties", "additionalProperties"]);
  }
  if (def.type === "string" || def.type === "template_literal") loosenString(zodSchema, jsonSchema);
  if (def.type === "number") loosenNumber(jsonSchema);
  if (def.type === "object") loosenRequired(jsonSchema, (name) => def.shape[name]);
  // Options that have become looser may overlap.
  if (def.type === "union" && jsonSchema.oneOf !== undefined) {
    jsonSchema.anyOf = jsonSchema.oneOf;
    delete jsonSchema.oneOf;
  }
  for (const name of Object.keys(jsonSchema)) if (!known.has(name)) Reflect.deleteProperty(jsonSchema, name);
}

const known: ReadonlySet<string> = new Set([
  "$schema",
  ...annotations,
  ...assertionsOf["2020-12"],
  ...applicatorsOf["2020-12"].keys(),
]);

/** What converts its input first, or replaces what it doesn't like. */
function acceptsAnything(def: z.core.$ZodTypes["_zod"]["def"]): boolean {
  if (def.type === "catch") return true;
  if (def.type === "pipe") return defOf(def.in).type === "transform";
  return "coerce" in def && (def.coerce ?? false);
}

function keepOnly(written: Written, names: readonly string[]): void {
  for (const name of Object.keys(written)) if (!names.includes(name)) Reflect.deleteProperty(written, name);
}

/** zod writes formats that nobody else knows, and patterns that can run away or have lost their flags. */
function loosenString(zodSchema: z.core.$ZodTypes, written: Written): void {
  const { format } = written;
  if (format !== undefined && (!formats.has(format) || !isOwnEmail(written))) delete written.format;
  if (written.pattern === undefined && written.allOf === undefined) return;
  const patterns = patternsOf(zodSchema).flatMap((regex) => patternOf(regex) ?? []);
  delete written.pattern;
  delete written.allOf;
  const [first, ...rest] = patterns;
  if (first !== undefined) written.pattern = first;
  if (rest.length > 0) written.allOf = rest.map((pattern) => ({ pattern }));
}

/** An email address by another pattern than the usual one may be any text. */
function isOwnEmail({ format, pattern }: Written): boolean {
  return format !== "email" || pattern === z.regexes.email.source;
}

function patternIn({ _zod: internals }: z.core.$ZodType): RegExp | undefined {
  return internals.pattern;
}

interface StringPattern {
  readonly regex: RegExp;
  /** Whether it was written by hand, and is not part of a format of zod's. */
  readonly own: boolean;
}

function patternsOf(zodSchema: z.core.$ZodTypes): readonly StringPattern[] {
  const def: z.core.$ZodTypeDef = defOf(zodSchema);
  const pattern = patternIn(zodSchema);
  if (def.type === "template_literal") return pattern === undefined ? [] : [{ regex: pattern, own: true }];
  const itself = def as unknown as z.core.$ZodCheckDef;
  return [itself, ...(def.checks ?? []).map((check) => defOf(check))].flatMap((check): readonly StringPattern[] => {
    const { pattern: regex, format } = check as { readonly pattern?: unknown; readonly format?: unknown };
    return regex instanceof RegExp ? [{ regex, own: format === "regex" }] : [];
  });
}

/** A pattern as a schema says it; undefined for one of zod's own that can't be said. @throws PatternError for one written by hand */
function patternOf({ regex, own }: StringPattern): string | undefined {
  const { source, flags } = regex;
  try {
    if (/[msyv]/.test(flags)) throw new PatternError(`The flags ${flags} of the pattern ${source} are not supported.`);
    const pattern = flags.includes("i") ? `(?i:${source})` : source;
    compilePattern(pattern);
    return pattern;
  } catch (error) {
    if (own || !(error instanceof PatternError)) throw error;
    return undefined;
  }
}

/** zod takes 0.3 for a multiple of 0.1, which in binary fractions it is not. */
function loosenNumber(written: Written): void {
  if (written.multipleOf !== undefined && !Number.isInteger(written.multipleOf)) delete written.multipleOf;
  const rest = written.allOf?.filter((each) => typeof each === "object" && Number.isInteger(each.multipleOf));
  if (rest === undefined) return;
  if (rest.length > 0) written.allOf = rest;
  else delete written.allOf;
}

/** A field that is filled in where it is not there need not be there. */
function loosenRequired(written: Written, schemaOf: (name: string) => z.core.$ZodType | undefined): void {
  if (written.required === undefined) return;
  const required = written.required.filter((name) => {
    const schema = schemaOf(name);
    return schema === undefined || !mayBeAbsent(schema);
  });
  if (required.length > 0) written.required = required;
  else delete written.required;
}

function mayBeAbsent(schema: z.core.$ZodType): boolean {
  try {
    return z.object({ field: schema }).safeParse({}).success;
  } catch {
    // A check of the user's own that can't take it.
    return false;
  }
}
