import { z } from "zod";

import type { ScalarType } from "./column.ts";
import { tableLimits } from "./limits.ts";

/** The type of a column as it is written in requests and answers. */
export type TypeJson =
  | ScalarType
  | { readonly list: TypeJson }
  | { readonly struct: readonly { readonly name: string; readonly type: TypeJson }[] };

/** How columns and the fields of structs are called. A name is unique whatever its case: SQL doesn't tell cases apart. */
export const columnNameSchema = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_]{0,62}$/,
    "column: up to 63 letters, digits and _, starting with a letter; names with _ in front are the system's",
  );

const scalarPattern =
  /^(?:boolean|int32|int64|float64|varchar|timestamp|date|uuid|json|decimal\((?:[1-9]|[12]\d|3[0-8]),(?:\d|[12]\d|3[0-8])\))$/;

/** A scalar type: a decimal has no more digits after the point than it has digits. */
export function isScalarType(text: unknown): text is ScalarType {
  if (typeof text !== "string" || !scalarPattern.test(text)) return false;
  const decimal = decimalOf(text);
  return decimal === undefined || decimal.scale <= decimal.precision;
}

/** The digits of a decimal type, and how many of them are behind the point; undefined for other types. */
export function decimalOf(type: string): { readonly precision: number; readonly scale: number } | undefined {
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(type) ?? [];
  return precision === undefined ? undefined : { precision: Number(precision), scale: Number(scale) };
}

/** Faults of one type that are told. */
const faultsMax = 20;

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const expected =
  "One of boolean, int32, int64, float64, decimal(p,s) with 38 digits at most, varchar, timestamp, date, uuid, json, " +
  '{ "list": type } or { "struct": [{ "name", "type" }] }.';

const self = { $ref: "#/components/schemas/ColumnType" };
const object = (properties: Readonly<Record<string, object>>) => ({
  type: "object" as const,
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** As the OpenAPI document has it. */
const documented = [
  { type: "string" as const },
  object({ list: self }),
  object({ struct: { type: "array", items: object({ name: { type: "string" }, type: self }) } }),
];

/** A type, checked by hand: whatever is wrong with it is told at its own place, however deep. */
export const typeSchema = z
  .unknown()
  .check(({ value, issues }) => {
    for (const { path, message } of faultsOf(value, 1).slice(0, faultsMax)) {
      issues.push({ code: "custom", path: [...path], message, input: value });
    }
  })
  .meta({ id: "ColumnType", description: expected, anyOf: documented }) as unknown as z.ZodType<TypeJson>;

function faultsOf(type: unknown, depth: number): readonly Fault[] {
  if (isScalarType(type)) return [];
  if (depth >= tableLimits.nestingMax && typeof type === "object") {
    return [{ path: [], message: `At most ${tableLimits.nestingMax} levels of lists and structs.` }];
  }
  const entries = typeof type === "object" && type !== null ? Object.entries(type) : [];
  const [[kind, inner] = []] = entries;
  if (entries.length === 1 && kind === "list") return below(["list"], faultsOf(inner, depth + 1));
  if (entries.length === 1 && kind === "struct" && Array.isArray(inner)) {
    return below(["struct"], structFaults(inner, depth));
  }
  return [{ path: [], message: expected }];
}

function structFaults(fields: readonly unknown[], depth: number): readonly Fault[] {
  const { structFieldsMax } = tableLimits;
  if (fields.length === 0 || fields.length > structFieldsMax) {
    return [{ path: [], message: `1 to ${structFieldsMax} fields.` }];
  }
  const seen = new Set<string>();
  return fields.flatMap((field, index) => {
    const { name, type, ...rest } = (field ?? {}) as Readonly<Record<string, unknown>>;
    const faults: Fault[] = Object.keys(rest).map((key) => ({ path: [key], message: "This field is not known." }));
    const named = columnNameSchema.safeParse(name);
    if (!named.success) faults.push({ path: ["name"], message: named.error.issues[0]?.message ?? "A name." });
    else if (seen.has(named.data.toLowerCase())) faults.push({ path: ["name"], message: "Given twice." });
    else seen.add(named.data.toLowerCase());
    return below([index], [...faults, ...below(["type"], faultsOf(type, depth + 1))]);
  });
}

function below(path: readonly (string | number)[], faults: readonly Fault[]): readonly Fault[] {
  return faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
}
