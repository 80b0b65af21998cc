import type { ApiContext } from "./api-env.ts";
import { whenUndelivered } from "./when-undelivered.ts";

/** Nobody is left to be told, and nothing went wrong. */
export class ClientGone extends Error {}

/** Fires when the client of this request has gone before its answer was sent. */
export function goneSignal(c: ApiContext): AbortSignal {
  const gone = new AbortController();
  whenUndelivered(c, () => gone.abort(new ClientGone("The client has gone away.")));
  return gone.signal;
}
