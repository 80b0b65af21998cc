import type { ApiContext } from "./api-env.ts";

/** Calls back if the answer to this request can't be handed to the network in full: its client has gone. */
export function whenUndelivered(c: ApiContext, then: () => void): void {
  const { outgoing } = c.env;
  if (outgoing.destroyed) {
    then();
    return;
  }
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) then();
  });
}
