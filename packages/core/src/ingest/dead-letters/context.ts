import { MillraceError, uuidSchema } from "@millrace/contract";
import type { AuditStore, DeadLetter, DeadLetterRef, DeadLetterStore } from "@millrace/storage";

import { type Ctx, requireScope } from "../../context.ts";

/** Everything ambient of the use cases of dead letters. */
export interface DeadLetterCtx extends Pick<Ctx, "actor"> {
  readonly deadLetters: DeadLetterStore;
  readonly audit?: AuditStore | undefined;
}

/** A dead letter that the actor may see. @throws FORBIDDEN, NOT_FOUND also for another tenant's, or of a table that the key isn't bound to */
export async function visibleDeadLetter(ctx: DeadLetterCtx, id: string): Promise<DeadLetter> {
  requireScope(ctx, "ops:admin");
  const { tenantId, tables } = ctx.actor;
  const ref: DeadLetterRef = { tenantId, id };
  const found = uuidSchema.safeParse(id).success ? await ctx.deadLetters.findDeadLetter(ref) : undefined;
  const isBound = tables === undefined || (found !== undefined && found.table !== null && tables.includes(found.table));
  if (found === undefined || !isBound) throw deadLetterNotFound();
  return found;
}

/** The error for a dead letter that is not there. */
export function deadLetterNotFound(): MillraceError {
  return new MillraceError("NOT_FOUND", "There is no such dead letter.");
}
