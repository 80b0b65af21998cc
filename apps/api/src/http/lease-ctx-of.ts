import type { LeaseCtx } from "@millrace/core";

import type { Api } from "../api.ts";
import type { ApiContext } from "./api-env.ts";
import { checkKeyAgain } from "./check-key-again.ts";
import { ctxOf } from "./ctx-of.ts";

/** The context of a use case of leases. */
export function leaseCtxOf(c: ApiContext, api: Api): LeaseCtx {
  return {
    ...ctxOf(c, api),
    metrics: api.metrics,
    clock: api.composition.clock,
    desk: api.desk,
    wait: (run) => api.claimWaiters.wait(c, run),
    checkKeyAgain: () => checkKeyAgain(c, api),
  };
}
