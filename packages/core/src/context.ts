import { MillraceError, type Scope, hasScope } from "@millrace/contract";
import type { JobStore } from "@millrace/storage";

/** Who acts: a tenant, what it may do, and the queues it is bound to (undefined: all). */
export interface Actor {
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
  readonly queues?: readonly string[] | undefined;
  /** The API key's id, for the log; undefined for a process of our own. */
  readonly keyId?: string | undefined;
}

/** Everything ambient of a use case. */
export interface Ctx {
  readonly actor: Actor;
  readonly store: JobStore;
  /** W3C trace context to hand on to what is enqueued. */
  readonly traceparent?: string | undefined;
  /** Fires when the caller has gone away. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws FORBIDDEN */
export function requireScope(ctx: Ctx, scope: Scope): void {
  if (!hasScope(ctx.actor.scopes, scope)) {
    throw new MillraceError("FORBIDDEN", `This API key lacks the scope ${scope}.`);
  }
}

/** @throws FORBIDDEN when the key is bound to other queues. */
export function requireQueue(ctx: Ctx, queue: string): void {
  if (ctx.actor.queues !== undefined && !ctx.actor.queues.includes(queue)) {
    throw new MillraceError("FORBIDDEN", `This API key is not bound to the queue ${JSON.stringify(queue)}.`);
  }
}
