import { MillraceError, uuidSchema } from "@millrace/contract";
import type { KeyRef } from "@millrace/storage";

import type { KeyCtx } from "../context.ts";

/** What names a key in the store. Text that is no id names no key. @throws NOT_FOUND */
export function keyRef(ctx: KeyCtx, id: string): KeyRef {
  if (!uuidSchema.safeParse(id).success) throw new MillraceError("NOT_FOUND", "There is no such API key.");
  return { tenantId: ctx.actor.tenantId, id };
}
