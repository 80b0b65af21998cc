import { audit } from "../../audit/audit.ts";
import { type DeadLetterCtx, deadLetterNotFound, visibleDeadLetter } from "./context.ts";

/** Throws a dead letter away for good. @throws FORBIDDEN, NOT_FOUND */
export async function discardDeadLetter(ctx: DeadLetterCtx, { id }: { readonly id: string }): Promise<void> {
  const { tenantId, table, offset } = await visibleDeadLetter(ctx, id);
  if (!(await ctx.deadLetters.deleteDeadLetter({ tenantId, id }))) throw deadLetterNotFound();
  await audit(ctx, { action: "deadLetter.discard", target: id, detail: { table, offset } });
}
