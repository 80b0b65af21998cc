import type { Scope } from "@millrace/contract";

/** Who acts: a tenant, what it may do, and the queues and tables it is bound to. */
export interface Actor {
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
  /** Undefined: every queue. */
  readonly queues?: readonly string[] | undefined;
  /** Undefined: every table. */
  readonly tables?: readonly string[] | undefined;
  /** When the API key ends by itself; undefined: never. */
  readonly expiresAt?: Date | undefined;
  /** The API key's id, for the log; undefined for a static key or a process of our own. */
  readonly keyId?: string | undefined;
  /** The place of a static key in its list, from 1; undefined for all others. */
  readonly staticKey?: number | undefined;
}
