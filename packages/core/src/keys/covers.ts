import { MillraceError, type Scope, hasScope } from "@millrace/contract";

import type { Ctx } from "../context.ts";

/** What a key may do, and until when. */
export interface Grant {
  readonly scopes: readonly Scope[];
  /** Null or undefined: every queue. */
  readonly queues?: readonly string[] | null | undefined;
  /** Null or undefined: every event table. */
  readonly tables?: readonly string[] | null | undefined;
  /** Null or undefined: it never ends by itself. */
  readonly expiresAt?: Date | null | undefined;
}

/** Nobody hands on, takes over or takes away more than they have, nor for longer. @throws FORBIDDEN */
export function requireCovers({ actor }: Pick<Ctx, "actor">, grant: Grant): void {
  const missing = grant.scopes.filter((scope) => !hasScope(actor.scopes, scope));
  if (missing.length > 0) throw forbidden(`This API key lacks the scopes ${missing.join(", ")} of the other.`);
  requireBound("queues", actor.queues, grant.queues);
  requireBound("tables", actor.tables, grant.tables);
  const end = actor.expiresAt;
  const otherEnd = grant.expiresAt ?? undefined;
  if (end !== undefined && (otherEnd === undefined || otherEnd > end)) {
    throw forbidden(`This API key expires; the other must expire no later: ${end.toISOString()}.`);
  }
}

function requireBound(what: string, own: readonly string[] | undefined, granted: Grant["queues"]): void {
  if (own === undefined || granted?.every((name) => own.includes(name)) === true) return;
  throw forbidden(`This API key is bound to ${what}; the other must be bound to some of them: ${own.join(", ")}.`);
}

function forbidden(message: string): MillraceError {
  return new MillraceError("FORBIDDEN", message);
}
