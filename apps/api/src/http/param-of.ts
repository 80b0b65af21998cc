import { MillraceError } from "@millrace/contract";

import type { ApiContext } from "./api-env.ts";

/** A part of the matched path; the route's own pattern guarantees that it is there. */
export function paramOf(c: ApiContext, name: string): string {
  const value = c.req.param(name);
  if (value === undefined) throw new MillraceError("INTERNAL", `The route has no parameter ${name}.`);
  return value;
}
