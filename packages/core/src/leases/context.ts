import type { DatabaseClock } from "@millrace/storage";
import type { Metrics } from "@millrace/telemetry";

import type { Ctx } from "../context.ts";
import type { ClaimDesk } from "./claim-desk.ts";

/** What the use cases of leases need besides. */
export interface LeaseCtx extends Ctx {
  readonly clock: DatabaseClock;
  readonly desk: ClaimDesk;
  readonly metrics?:
    | Pick<Metrics, "jobsEnqueuedTotal" | "jobWaitSeconds" | "leaseLostTotal" | "leasesSettledTotal">
    | undefined;
  /** Runs a wait: one of a bounded number, which ends when its caller has gone. The signal has fired before where none may begin. @throws RATE_LIMITED */
  readonly wait: <Answer>(run: (signal: AbortSignal) => Promise<Answer>) => Promise<Answer>;
  /** Checks the caller's key again, which may have been revoked during a wait. @throws UNAUTHENTICATED, UNAVAILABLE */
  readonly checkKeyAgain: () => Promise<void>;
}
