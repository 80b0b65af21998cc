import type { Config } from "@millrace/config";
import type { Composition } from "@millrace/core";
import type { Logger, Metrics } from "@millrace/telemetry";

import type { Waiters } from "./http/waiters.ts";

/** What the routes of a process share. */
export interface Api {
  readonly composition: Pick<Composition, "store" | "keys" | "keyKind" | "checkReady">;
  readonly limits: Pick<Config["server"], "bodyBytesMax" | "batchBodyBytesMax">;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly waiters: Waiters;
  /** True from the moment that the process is asked to stop. */
  isDraining(): boolean;
  /** The OpenAPI document as JSON text. */
  openApi(): string;
}
