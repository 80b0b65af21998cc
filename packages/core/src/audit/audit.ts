import type { AuditAction } from "@millrace/contract";

import type { Actor, Ctx } from "../context.ts";

export interface Audited {
  readonly action: AuditAction;
  /** What was changed: an id or a name. */
  readonly target: string;
  /** What it was changed to; never a secret or a payload. */
  readonly detail?: object;
}

/**
 * Writes down who did what, once it is done; nothing where the context has no audit log. A failure is the caller's to hear of: the change is made,
 * and nobody else would know that its entry is missing.
 */
export async function audit(ctx: Pick<Ctx, "actor" | "audit">, { action, target, detail }: Audited): Promise<void> {
  const { tenantId } = ctx.actor;
  await ctx.audit?.recordAudit({ tenantId, actor: actorName(ctx.actor), action, target, detail: detail ?? null });
}

/** Who did it, as the audit log names them. */
export function actorName({ keyId, staticKey }: Actor): string {
  if (keyId !== undefined) return `key:${keyId}`;
  return staticKey === undefined ? "process" : `static:${staticKey}`;
}
