import { MillraceError, type Scope, hasScope } from "@millrace/contract";

import type { Ctx } from "../context.ts";

/** What a key may do. */
export interface Grant {
  readonly scopes: readonly Scope[];
  /** Null or undefined: every queue. */
  readonly queues?: readonly string[] | null | undefined;
}

/** Nobody hands on, or takes over, more than they have. @throws FORBIDDEN */
export function requireCovers(ctx: Ctx, grant: Grant): void {
  const missing = grant.scopes.filter((scope) => !hasScope(ctx.actor.scopes, scope));
  if (missing.length > 0) {
    throw new MillraceError(
      "FORBIDDEN",
      `This API key lacks the scopes ${missing.join(", ")} that the other would have.`,
    );
  }
  const own = ctx.actor.queues;
  if (own === undefined) return;
  if (grant.queues?.every((queue) => own.includes(queue)) !== true) {
    throw new MillraceError(
      "FORBIDDEN",
      `This API key is bound to queues; the other must be bound to some of them: ${own.join(", ")}.`,
    );
  }
}
