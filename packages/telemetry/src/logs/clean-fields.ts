import { cleanText, cleanUrl, redacted } from "./clean-text.ts";
import { serialiseError } from "./serialise-error.ts";
import { type FieldKind, type LogFields, logVocabulary } from "./vocabulary.ts";

export interface FieldCleanerOptions {
  /** Further names to write as plain values, such as `orderId`. */
  readonly allow?: readonly string[] | undefined;
  /** Names to withhold although the vocabulary has them; inside payloads too. */
  readonly redact?: readonly string[] | undefined;
  /** Whether payloads and results may be written at all. */
  readonly payloads?: boolean | undefined;
}

export type CleanFields = Readonly<Record<string, unknown>>;

/** The logger writes these itself; a field of that name would make the key appear twice in the line. */
const reservedNames: ReadonlySet<string> = new Set(["level", "time", "service", "profile", "msg"]);
/** A name outside the vocabulary is shown only if it looks written by a programmer; a name made from data is a leak itself. */
const programmersName = /^[a-z][A-Za-z0-9]{0,39}$/;
/** A number of milliseconds, bytes or things tells nothing about anybody, so such names need no entry in the vocabulary. */
const measureName = /(?:Ms|Seconds|Bytes|Count)$/;
const secretName = /pass|pwd|secret|token|key|auth|cookie|credential|session|signature/i;

const listItemsMax = 100;
const payloadDepthMax = 6;

/** Makes the function that lets only known fields through, each written in the way of its kind. It never throws. */
export function createFieldCleaner(options: FieldCleanerOptions = {}): (fields: LogFields) => CleanFields {
  const kinds = new Map<string, FieldKind>(Object.entries(logVocabulary));
  const withheld = new Set(options.redact);
  for (const name of options.allow ?? []) kinds.set(name, "plain");
  for (const name of withheld) kinds.delete(name);

  const clean = (name: string, kind: FieldKind | undefined, value: unknown): unknown => {
    switch (kind) {
      case "plain":
        return plain(value);
      case "list":
        return Array.isArray(value) ? value.slice(0, listItemsMax).map(plain) : redacted;
      case "counts":
        return counts(value);
      case "url":
        return typeof value === "string" || value instanceof URL ? cleanUrl(String(value)) : redacted;
      case "error":
        return serialiseError(value);
      case "payload":
        return options.payloads === true ? payload(value, withheld, 0) : redacted;
      case undefined:
        return typeof value === "number" && measureName.test(name) && !withheld.has(name) ? value : redacted;
      default:
        return kind satisfies never;
    }
  };

  return (fields) => {
    const shown: Record<string, unknown> = {};
    for (const name of Object.keys(fields)) {
      const kind = kinds.get(name);
      if (kind === undefined && (reservedNames.has(name) || !programmersName.test(name))) continue;
      try {
        const value = fields[name];
        if (value !== undefined) shown[name] = clean(name, kind, value);
      } catch {
        shown[name] = "[unreadable]";
      }
    }
    const { err } = shown as { readonly err?: { readonly type?: unknown; readonly code?: unknown } };
    if (err?.type === "MillraceError" && kinds.has("errorCode")) shown["errorCode"] ??= err.code;
    return shown;
  };
}

function plain(value: unknown): unknown {
  switch (typeof value) {
    case "string":
      return cleanText(value);
    case "number":
    case "boolean":
      return value;
    case "bigint":
      return value.toString();
    default:
      if (value === null) return null;
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : redacted;
  }
}

function counts(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return redacted;
  const numbers = Object.entries(value).filter(([, count]) => typeof count === "number");
  return Object.fromEntries(numbers.slice(0, listItemsMax).map(([name, count]) => [cleanText(name), count]));
}

function payload(value: unknown, withheld: ReadonlySet<string>, depth: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date) return plain(value);
  if (depth >= payloadDepthMax) return "[deeper]";
  if (Array.isArray(value)) return value.slice(0, listItemsMax).map((item) => payload(item, withheld, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, listItemsMax)
      .map(([name, member]) => [
        cleanText(name),
        withheld.has(name) || secretName.test(name) ? redacted : payload(member, withheld, depth + 1),
      ]),
  );
}
