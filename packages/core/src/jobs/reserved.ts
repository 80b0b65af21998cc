import { hasScope, maintenanceTypes, MillraceError } from "@millrace/contract";

import type { Ctx } from "../context.ts";

const types: ReadonlySet<string> = new Set(Object.values(maintenanceTypes));

/** Refuses Millrace's own job types and queues, which are for itself and for those who operate it. @throws FORBIDDEN */
export function requireNotReserved(
  { actor }: Pick<Ctx, "actor">,
  { type, queue }: { readonly type: string; readonly queue: string },
): void {
  if (!types.has(type) && !queue.startsWith("system.")) return;
  if (hasScope(actor.scopes, "ops:admin")) return;
  throw new MillraceError("FORBIDDEN", "Millrace's own job types (lake.*) and queues (system.*) need ops:admin.");
}
