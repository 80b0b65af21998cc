import type { Exchange } from "../exchange.ts";

/** How long an upload has been waited for since it last brought a record: past `server.requestTimeoutMs` it is ended. */
export interface BodyClock {
  /** From here on the client is waited for. */
  wait(): void;
  /** From here on it waits for us, which isn't counted as its time. */
  hold(): void;
  /** It has brought a record. */
  progress(): void;
}

/** Makes the clock of a request's body. */
export function createBodyClock(exchange: Exchange): BodyClock {
  let waitedMs = 0;
  return {
    wait() {
      exchange.bodyFromMs = performance.now() - waitedMs;
    },
    hold() {
      waitedMs = performance.now() - exchange.bodyFromMs;
      exchange.bodyFromMs = Number.POSITIVE_INFINITY;
    },
    progress() {
      waitedMs = 0;
    },
  };
}
