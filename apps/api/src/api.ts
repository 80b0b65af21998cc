import type { ApiKeyValidator } from "@millrace/auth";
import type { Config } from "@millrace/config";
import type { ClaimDesk, Composition, IngestDesk } from "@millrace/core";
import type { Logger, Metrics } from "@millrace/telemetry";

import type { Waiters } from "./http/waiters.ts";

/** What the routes of a process share. */
export interface Api {
  readonly composition: Pick<
    Composition,
    | "store"
    | "clock"
    | "keys"
    | "audit"
    | "watch"
    | "keyKind"
    | "schedules"
    | "checkReady"
    | "tables"
    | "tableCache"
    | "bus"
    | "deadLetters"
    | "ingestTables"
    | "lake"
  > & { readonly ingestDesk: IngestDesk };
  readonly limits: Pick<Config["server"], "bodyBytesMax" | "batchBodyBytesMax">;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly waiters: Waiters;
  /** The claims that wait, and where they do. */
  readonly claimWaiters: Waiters;
  readonly desk: ClaimDesk;
  /** For keys that may be revoked while a request waits. */
  readonly validator: ApiKeyValidator;
  readonly keyCheckMs: number;
  /** Fires a moment before the connections that are left are cut: what takes long ends then, with an answer. */
  readonly ending: AbortSignal;
  /** True from the moment that the process is asked to stop. */
  isDraining(): boolean;
  /** The OpenAPI document as JSON text. */
  openApi(): string;
}
