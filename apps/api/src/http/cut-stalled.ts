import type { ServerResponse } from "node:http";

/** How long a client may take nothing of its answer. */
export const stalledMsDefault = 30_000;

/**
 * Cuts the connection of an answer that is handed over but not taken: when nothing of it has been read for `stalledMs`. How long it takes as a whole doesn't
 * matter; Node's timeout begins anew where less is left to be written than at the last one.
 */
export function cutWhenStalled(outgoing: ServerResponse, stalledMs: number): void {
  // A close in good order would leave what was written to the operating system, for as long as the client likes.
  outgoing.setTimeout(stalledMs, () => outgoing.socket?.resetAndDestroy());
  // Before Node's own listener, which gives a connection without requests its idle time.
  outgoing.prependOnceListener("finish", () => outgoing.setTimeout(0));
}
