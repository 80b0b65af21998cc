import { _, Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

import { type FieldError, type Json, type JsonObject, MillraceError, payloadSchemaLimits } from "@millrace/contract";

import { canonicalJson } from "../canonical-json.ts";
import { fieldErrorOf, pathOf } from "./field-error.ts";
import { formats } from "./formats.ts";
import { type Inspected, inspectSchema, isObject, membersOf } from "./inspect-schema.ts";
import { type Dialect, annotations, applicatorsOf, dialectOf } from "./keywords.ts";

/** How many steps checking may still take; shared by all payloads of a request. */
export interface Budget {
  stepsLeft: number;
}

/** A schema that payloads can be held against. */
export interface PayloadValidator {
  /** Every problem of a payload, at most `errorsMax`; none when it fits. */
  problems(payload: Json, budget: Budget): readonly FieldError[];
}

/** A visit to one schema in a schema costs at least a step. This many take well under a second. */
export const stepsMax = 2_000_000;
/** For the second look at a payload that doesn't fit, which finds all of its problems. */
const fullStepsMax = 100_000;
const outOfSteps = Symbol("out of steps");
const stepsKeyword = "x-millrace-steps";
/** How exact a multiple has to be: 0.01 and its like have no exact form in binary. */
const multipleOfDecimals = 9;

interface Counter {
  left: number;
  readonly over: symbol;
}

/**
 * Compiles a schema; nothing in it is trusted. Patterns can't run away, and neither can the schemas: each visit is counted, and there is an end.
 * @throws VALIDATION_FAILED naming every problem of the schema
 */
export function compileSchema(schema: JsonObject): PayloadValidator {
  const dialect = dialectOf(schema["$schema"]);
  if (dialect === undefined) {
    throw invalid([
      {
        path: "schema.$schema",
        code: "unsupported_dialect",
        message: "Give draft 2020-12 or draft-07, or leave it out.",
      },
    ]);
  }
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > payloadSchemaLimits.bytesMax) {
    const message = `The schema has ${bytes} bytes; at most ${payloadSchemaLimits.bytesMax} are allowed.`;
    throw invalid([{ path: "schema", code: "too_big", message }]);
  }
  const inspected = inspectSchema(schema, dialect);
  const problems = [...inspected.problems, ...(inspected.problems.length > 0 ? [] : problemsOfShape(schema, dialect))];
  if (problems.length > 0) throw invalid(problems.slice(0, payloadSchemaLimits.errorsMax));

  const counter: Counter = { left: 0, over: outOfSteps };
  const counted = countedSchema(schema, dialect, inspected.weights);
  const build = (allErrors: boolean) => compileWith(dialect, { allErrors }, { counter, counted, inspected });
  const decide = build(false);
  let explain: ValidateFunction | undefined;

  const validator: PayloadValidator = {
    problems(payload, budget) {
      counter.left = budget.stepsLeft;
      const fits = run(decide, payload);
      budget.stepsLeft = Math.max(0, counter.left);
      if (fits === true) return [];
      if (fits === outOfSteps) {
        return [{ path: "", code: "too_complex", message: "Checking it takes more steps than are allowed." }];
      }
      const first = decide.errors ?? [];
      explain ??= build(true);
      counter.left = Math.min(fullStepsMax, budget.stepsLeft);
      const all = run(explain, payload) === outOfSteps ? first : (explain.errors ?? first);
      budget.stepsLeft = Math.max(0, budget.stepsLeft - fullStepsMax + counter.left);
      const errors = all.slice(0, payloadSchemaLimits.errorsMax).map(fieldErrorOf);
      decide.errors = null;
      explain.errors = null;
      return errors;
    },
  };
  // One that refers to itself without going into the payload has no end.
  if (validator.problems({}, { stepsLeft: stepsMax }).some(({ code }) => code === "too_complex")) {
    throw invalid([{ path: "schema", code: "endless_ref", message: "It refers to itself without an end." }]);
  }
  return validator;
}

function run(validate: ValidateFunction, payload: Json): boolean | typeof outOfSteps {
  try {
    return validate(payload);
  } catch (error) {
    if (error === outOfSteps || error instanceof RangeError) return outOfSteps;
    throw error;
  }
}

const strictness: Options = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  ownProperties: true,
  inlineRefs: false,
  multipleOfPrecision: multipleOfDecimals,
  logger: false,
};

interface Parts {
  readonly counter: Counter;
  readonly counted: JsonObject;
  readonly inspected: Inspected;
}

/** Compiles on an instance of its own: an instance remembers what it has met, also the names that other tenants' schemas have given. */
function compileWith(dialect: Dialect, options: Options, { counter, counted, inspected }: Parts): ValidateFunction {
  const Compiler = dialect === "draft-07" ? Ajv : Ajv2020;
  const regExp = Object.assign(
    (source: string) => {
      const pattern = inspected.patterns.get(source);
      if (pattern === undefined) throw new MillraceError("INTERNAL", "A pattern was not looked at.");
      return pattern;
    },
    { code: "regExp" },
  );
  const ajv = new Compiler({
    ...strictness,
    ...options,
    meta: false,
    validateSchema: false,
    code: { regExp },
    formats: Object.fromEntries(formats),
  });
  // Understood by ajv, and yet unknown to its strict mode.
  ajv.addKeyword("$anchor");
  ajv.addKeyword({
    keyword: stepsKeyword,
    schemaType: "number",
    before: "$ref",
    code({ gen, schema }) {
      const steps = gen.scopeValue("obj", { ref: counter });
      gen.code(_`if ((${steps}.left -= ${schema as number}) < 0) throw ${steps}.over`);
    },
  });
  // The one that comes with ajv compares each item with each.
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    validate: (wanted: boolean, items: readonly Json[]) =>
      !wanted || new Set(items.map(canonicalJson)).size === items.length,
    error: { message: "must not have the same item twice" },
  });
  try {
    return ajv.compile(counted);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid([{ path: "schema", code: "invalid_schema", message: `It can't be compiled: ${reason}.` }]);
  }
}

/** A copy without what is only said to people, in which every schema counts its visits. */
function countedSchema(schema: JsonObject, dialect: Dialect, weights: ReadonlyMap<JsonObject, number>): JsonObject {
  const copy = (value: Json): Json => {
    if (!isObject(value)) return value;
    const members = Object.entries(value).flatMap(([name, member]): readonly (readonly [string, Json])[] => {
      if (annotations.has(name) || name === "$schema" || name === "$id") return [];
      const holds = applicatorsOf[dialect].get(name);
      if (holds === undefined) return [[name, member]];
      const copied = new Map(membersOf(holds, member).map(([key, inner]) => [key, copy(inner)] as const));
      if (copied.has(undefined)) return [[name, copied.get(undefined) ?? true]];
      if (Array.isArray(member)) return [[name, [...copied.values()]]];
      const entries = Object.entries(member as JsonObject).map(
        ([key, inner]) => [key, copied.get(key) ?? inner] as const,
      );
      return [[name, Object.fromEntries(entries)]];
    });
    return Object.fromEntries([[stepsKeyword, weights.get(value) ?? 1], ...members]);
  };
  return copy(schema) as JsonObject;
}

const shapeCheckers = new Map<Dialect, Ajv>();

/** What the draft's own schema finds wrong: a keyword with a value of another kind. */
function problemsOfShape(schema: JsonObject, dialect: Dialect): readonly FieldError[] {
  let checker = shapeCheckers.get(dialect);
  if (checker === undefined) {
    const options: Options = { allErrors: true, logger: false, validateFormats: false };
    checker = dialect === "draft-07" ? new Ajv(options) : new Ajv2020(options);
    shapeCheckers.set(dialect, checker);
  }
  if (checker.validateSchema(schema) === true) return [];
  return (checker.errors ?? []).map((error: ErrorObject) => {
    const { path, ...rest } = fieldErrorOf(error);
    return { path: pathOf("schema", path), ...rest };
  });
}

function invalid(errors: readonly FieldError[]): MillraceError {
  return new MillraceError("VALIDATION_FAILED", "The schema can't be used.", { errors });
}
