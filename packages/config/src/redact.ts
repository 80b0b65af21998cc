/** What stands in the place of a secret. */
export const redacted = "[redacted]";

/**
 * A connection string without its password and parameters. Only for one that passed validation: in a malformed one
 * parts of the password may sit in the host or the path.
 */
export function redactUrl(text: string): string {
  const url = new URL(text);
  const password = url.password === "" ? "" : `:${redacted}`;
  const user = url.username === "" ? "" : `${url.username}${password}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname}${url.search === "" ? "" : "?…"}`;
}

/** A value as an operator may see it in a message: quoted, on one line, bounded. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return Array.isArray(value) ? "a list" : "a mapping";
}
