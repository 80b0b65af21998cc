import { MillraceError } from "@millrace/contract";

import type { ApiContext } from "./api-env.ts";

/** The query parameters, each with one value. @throws VALIDATION_FAILED for one that is repeated or empty */
export function readQuery(c: ApiContext): Readonly<Record<string, string>> {
  const found = Object.entries(c.req.queries());
  const errors = found.flatMap(([path, values]) => {
    if (values.length > 1) return [{ path, code: "repeated", message: "Give this parameter once." }];
    return values[0] === "" ? [{ path, code: "empty", message: "Give a value, or leave this parameter out." }] : [];
  });
  if (errors.length > 0) {
    throw new MillraceError("VALIDATION_FAILED", "The query does not have the expected shape.", { errors });
  }
  return Object.fromEntries(found.map(([name, values]) => [name, values[0] ?? ""]));
}

/** For a route without query parameters. @throws VALIDATION_FAILED naming each that was given */
export function refuseQuery(c: ApiContext): void {
  if (c.env.incoming.url?.includes("?") !== true) return;
  const given = Object.keys(c.req.queries());
  if (given.length === 0) return;
  throw new MillraceError("VALIDATION_FAILED", "This route takes no query parameters.", {
    errors: given.map((path) => ({ path, code: "unknown_field", message: "This parameter is not known." })),
  });
}
