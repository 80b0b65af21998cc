import autocannon from "autocannon";

/** What so many requests took. */
export interface Sent {
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** Of each request. */
  readonly tookMs: readonly number[];
}

/**
 * Sends so many requests over connections that each wait for an answer before the next, and resolves with the last answer: autocannon itself ends with the next full
 * second, which would count as time that it took. @throws Error when one is no success
 */
export function sendAll(options: Omit<autocannon.Options, "amount">, requests: number): Promise<Sent> {
  const { promise, resolve, reject } = Promise.withResolvers<Sent>();
  const startMs = performance.now();
  const tookMs: number[] = [];
  let others = 0;
  const running = autocannon({ ...options, amount: requests }, (error, result) => {
    // Too late to matter, unless not all were answered.
    if (error !== undefined && error !== null) reject(error as Error);
    else reject(new Error(`Of ${requests} requests ${result.errors} broke, ${result.timeouts} were late`));
  });
  running.on("response", (_client, status, _bytes, ms) => {
    if (status < 200 || status > 299) others++;
    tookMs.push(ms);
    if (tookMs.length < requests) return;
    if (others > 0) reject(new Error(`Of ${requests} requests ${others} did not succeed`));
    else resolve({ seconds: (performance.now() - startMs) / 1_000, tookMs });
  });
  return promise;
}
