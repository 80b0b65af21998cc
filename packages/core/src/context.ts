import type { Actor, KeyKind } from "@millrace/auth";
import { MillraceError, type Scope, hasScope } from "@millrace/contract";
import type { AuditStore, JobStore, KeyStore } from "@millrace/storage";
import type { Metrics } from "@millrace/telemetry";

export type { Actor } from "@millrace/auth";

/** Everything ambient of a use case. */
export interface Ctx {
  readonly actor: Actor;
  readonly store: JobStore;
  /** Where changes by hand are written down; without it they are not. */
  readonly audit?: AuditStore | undefined;
  /** Where what happens is counted. */
  readonly metrics?: Pick<Metrics, "jobsEnqueuedTotal"> | undefined;
  /** W3C trace context to hand on to what is enqueued. */
  readonly traceparent?: string | undefined;
  /** The caller's own trace id, which may be any text (`X-Trace-ID`). */
  readonly traceId?: string | undefined;
  /** Fires when the caller has gone away. */
  readonly signal?: AbortSignal | undefined;
}

/** What the use cases of API keys need besides. */
export interface KeyCtx extends Ctx {
  readonly keys: KeyStore;
  /** Which kind of key is made; default `live`. */
  readonly keyKind?: KeyKind | undefined;
}

/** @throws FORBIDDEN */
export function requireScope(ctx: Pick<Ctx, "actor">, scope: Scope): void {
  if (!hasScope(ctx.actor.scopes, scope)) {
    throw new MillraceError("FORBIDDEN", `This API key lacks the scope ${scope}.`);
  }
}

/** @throws FORBIDDEN when the key has none of these scopes. */
export function requireOneScope(ctx: Pick<Ctx, "actor">, scopes: readonly Scope[]): void {
  if (!scopes.some((scope) => hasScope(ctx.actor.scopes, scope))) {
    throw new MillraceError("FORBIDDEN", `This API key lacks all of the scopes ${scopes.join(", ")}.`);
  }
}

/** @throws FORBIDDEN when the key is bound to other queues. */
export function requireQueue(ctx: Pick<Ctx, "actor">, queue: string): void {
  if (ctx.actor.queues !== undefined && !ctx.actor.queues.includes(queue)) {
    throw new MillraceError("FORBIDDEN", `This API key is not bound to the queue ${JSON.stringify(queue)}.`);
  }
}

/** @throws FORBIDDEN when the key is bound to other tables. */
export function requireTable(ctx: Pick<Ctx, "actor">, table: string): void {
  if (ctx.actor.tables !== undefined && !ctx.actor.tables.includes(table)) {
    throw new MillraceError("FORBIDDEN", `This API key is not bound to the table ${JSON.stringify(table)}.`);
  }
}
