import type { ErrorObject } from "ajv";

import type { FieldError } from "@millrace/contract";

/** How much of what was expected is quoted. */
const quotedCharactersMax = 200;

/** A problem that ajv has found: the dotted path of the value, the keyword that it doesn't fit, and what was expected. */
export function fieldErrorOf(error: ErrorObject): FieldError {
  const place = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return {
    path: [...place, ...fieldOf(error)].join("."),
    code: error.keyword,
    message: `${capitalised(error.message ?? "is not as expected")}${expected(error)}.`,
  };
}

/** One dotted path below another. */
export function pathOf(parent: string, path: string): string {
  return path === "" ? parent : `${parent}.${path}`;
}

/** A field that is missing, or should be, is named itself, not the object that it belongs to. */
function fieldOf({ params }: ErrorObject): readonly string[] {
  const { missingProperty, additionalProperty, unevaluatedProperty, propertyName } = params as Readonly<
    Record<string, unknown>
  >;
  const field = missingProperty ?? additionalProperty ?? unevaluatedProperty ?? propertyName;
  return typeof field === "string" ? [field] : [];
}

function expected({ params }: ErrorObject): string {
  const { allowedValues, allowedValue } = params as Readonly<Record<string, unknown>>;
  const single = allowedValue === undefined ? [] : [allowedValue];
  const values = Array.isArray(allowedValues) ? allowedValues : single;
  if (values.length === 0) return "";
  const text = values.map((value) => JSON.stringify(value)).join(", ");
  return text.length > quotedCharactersMax ? "" : `: ${text}`;
}

function capitalised(text: string): string {
  const words = text.replaceAll("NOT", "not");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
