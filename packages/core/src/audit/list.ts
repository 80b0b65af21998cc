import { type AuditEntryJson, type ListAuditQuery, listAuditQuerySchema, MillraceError } from "@millrace/contract";
import type { AuditEntry } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { parse } from "../parse.ts";

export interface AuditList {
  readonly entries: readonly AuditEntry[];
  readonly nextCursor: string | null;
}

/** A page of the tenant's audit log, newest first; it may be short while `nextCursor` is set. @throws FORBIDDEN also for a key that is bound to queues or tables, VALIDATION_FAILED */
export async function listAudit(ctx: Ctx, input: ListAuditQuery): Promise<AuditList> {
  requireScope(ctx, "ops:admin");
  if (ctx.actor.queues !== undefined || ctx.actor.tables !== undefined) {
    const message = "This API key is bound to queues or tables; the audit log is of the whole tenant.";
    throw new MillraceError("FORBIDDEN", message);
  }
  const { cursor, limit, after, before, ...query } = parse(listAuditQuerySchema, input);
  if (ctx.audit === undefined) throw new MillraceError("INTERNAL", "This process has no audit log.");
  const filter = {
    ...query,
    after: after === undefined ? undefined : new Date(after),
    before: before === undefined ? undefined : new Date(before),
  };
  const page = await ctx.audit.listAudit({
    ...filter,
    tenantId: ctx.actor.tenantId,
    limit,
    beforeId: cursor === undefined ? undefined : decodeCursor(cursor, filter),
  });
  return {
    entries: page.entries,
    nextCursor: page.nextBeforeId === null ? null : encodeCursor(page.nextBeforeId, filter),
  };
}

/** An entry as JSON shows it. */
export function toAuditJson({ id, at, actor, action, target, detail }: AuditEntry): AuditEntryJson {
  return { id, at: at.toISOString(), actor, action, target, detail };
}
