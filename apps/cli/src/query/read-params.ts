import type { QueryParamJson } from "@millrace/contract";

import { UsageError } from "../usage-error.ts";

/** The values of `--param name=value`: by name, or as a list where the names are 1, 2, … @throws UsageError */
export function readParams(
  given: readonly string[],
): Readonly<Record<string, QueryParamJson>> | readonly QueryParamJson[] | undefined {
  if (given.length === 0) return undefined;
  const params = new Map(given.map(readParam));
  const names = [...params.keys()];
  if (params.size < given.length) throw new UsageError("A --param is given twice.", "millrace query");
  if (!names.some((name) => /^\d/.test(name))) return Object.fromEntries(params);
  return names.map((_, index) => {
    const value = params.get(String(index + 1));
    if (value !== undefined) return value;
    throw new UsageError(`--param ${index + 1}=… is missing: numbers count up from 1.`, "millrace query");
  });
}

function readParam(text: string): readonly [string, QueryParamJson] {
  const [, name, value] = /^([A-Za-z_]\w*|[1-9]\d*)=([^]*)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, readValue(value)];
  throw new UsageError(
    `--param is name=value, such as --param city=Berlin or --param 1=17; not "${text}".`,
    "millrace query",
  );
}

/** JSON is read as such, so that `17` is a number and `"17"` text; all else is text, and so is a number that would lose digits. */
function readValue(text: string): QueryParamJson {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value) ? text : value;
    // An object is no parameter: who writes one compares it with JSON, which is text.
    return typeof value === "object" && value !== null && !Array.isArray(value) ? text : (value as QueryParamJson);
  } catch {
    return text;
  }
}
