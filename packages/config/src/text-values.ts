import type { Key } from "./keys.ts";

/**
 * Text as the value that a YAML file would hold: a number, true or false, a list from comma or line separated parts.
 * Text that doesn't read so stays text, for the schema to refuse.
 */
export function fromText(kind: Key["kind"], text: string): unknown {
  const trimmed = text.trim();
  if (kind === "number") return /^-?\d+(?:\.\d+)?$/.test(trimmed) ? Number(trimmed) : text;
  if (kind === "boolean") return trimmed === "true" || (trimmed === "false" ? false : text);
  if (kind === "array") {
    return trimmed
      .split(/[,\n]/)
      .map((part) => part.trim())
      .filter((part) => part !== "");
  }
  return trimmed;
}
