import { z } from "zod";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** How deep objects and arrays may lie in one another: far beyond need, and far from where a parser's stack ends. */
export const jsonDepthMax = 64;

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Any JSON value that a database can keep and give back unchanged. The value is checked where it stands, not copied: a copy would cost
 * more than the rest of a request, and would lose a member called `__proto__`.
 */
export const jsonSchema = z.unknown().check(({ value, issues }) => {
  const fault = findFault(value, 0);
  if (fault !== undefined) {
    issues.push({ code: "custom", path: [...fault.path], message: fault.message, input: value });
  }
}) as unknown as z.ZodType<Json>;

function findFault(value: unknown, depth: number): Fault | undefined {
  switch (typeof value) {
    case "string":
      return isStorable(value) ? undefined : at("Text without NUL and lone surrogates.");
    case "number":
      return Number.isFinite(value) ? undefined : at("A finite number.");
    case "boolean":
      return undefined;
    case "object":
      if (value === null) return undefined;
      if (depth === jsonDepthMax) return at(`At most ${jsonDepthMax} levels of objects and arrays.`);
      return Array.isArray(value) ? findInArray(value, depth) : findInObject(value, depth);
    default:
      return at("A JSON value.");
  }
}

function findInArray(values: readonly unknown[], depth: number): Fault | undefined {
  for (let i = 0; i < values.length; i++) {
    const fault = findFault(values[i], depth + 1);
    if (fault !== undefined) return { ...fault, path: [i, ...fault.path] };
  }
  return undefined;
}

function findInObject(value: object, depth: number): Fault | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return at("A JSON value.");
  for (const [key, member] of Object.entries(value)) {
    const fault = isStorable(key) ? findFault(member, depth + 1) : at("A name without NUL and lone surrogates.");
    if (fault !== undefined) return { ...fault, path: [key, ...fault.path] };
  }
  return undefined;
}

/** PostgreSQL text holds every character but NUL, and only well-formed Unicode. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

function at(message: string): Fault {
  return { path: [], message };
}
