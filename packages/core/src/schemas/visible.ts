import { MillraceError, jobTypeSchema } from "@millrace/contract";
import type { PayloadSchemaRef } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";

/** What names a type's schema in the store. Text that is no type has none. @throws NOT_FOUND */
export function schemaRef(ctx: Pick<Ctx, "actor">, type: string): PayloadSchemaRef {
  if (!jobTypeSchema.safeParse(type).success) throw schemaNotFound();
  return { tenantId: ctx.actor.tenantId, type };
}

/**
 * A schema decides over everybody's jobs of a type, like the limits of a queue: so it takes that scope, and a key that is not bound to some queues.
 * @throws FORBIDDEN
 */
export function requireSchemaAdmin(ctx: Pick<Ctx, "actor">): void {
  requireScope(ctx, "queues:admin");
  if (ctx.actor.queues !== undefined) {
    throw new MillraceError("FORBIDDEN", "A schema holds in all queues, and this API key is bound to some.");
  }
}

/** The error for a schema that is not there. */
export function schemaNotFound(): MillraceError {
  return new MillraceError("NOT_FOUND", "There is no such schema.");
}
