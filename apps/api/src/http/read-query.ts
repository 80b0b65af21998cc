import { MillraceError } from "@millrace/contract";

import type { ApiContext } from "./api-env.ts";

/** The query parameters, each once. @throws VALIDATION_FAILED for one that is repeated */
export function readQuery(c: ApiContext): Readonly<Record<string, string>> {
  const found = Object.entries(c.req.queries());
  const repeated = found.filter(([, values]) => values.length > 1);
  if (repeated.length > 0) {
    throw new MillraceError("VALIDATION_FAILED", "The query does not have the expected shape.", {
      errors: repeated.map(([path]) => ({ path, code: "repeated", message: "Give this parameter once." })),
    });
  }
  // A null prototype: a parameter called `__proto__` is a name like any other, and as unknown.
  return Object.assign(
    Object.create(null) as Record<string, string>,
    Object.fromEntries(found.map(([name, values]) => [name, values[0] ?? ""])),
  );
}

/** For a route without query parameters. @throws VALIDATION_FAILED naming each that was given */
export function refuseQuery(c: ApiContext): void {
  if (c.env.incoming.url?.includes("?") !== true) return;
  const given = Object.keys(readQuery(c));
  if (given.length === 0) return;
  throw new MillraceError("VALIDATION_FAILED", "This route takes no query parameters.", {
    errors: given.map((path) => ({ path, code: "unknown_field", message: "This parameter is not known." })),
  });
}
