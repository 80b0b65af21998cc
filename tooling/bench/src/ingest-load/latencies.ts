import { percentile } from "../percentiles.ts";

/** Times of requests, in short. */
export interface Latencies {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Sums up how long requests took. @throws RangeError without one */
export function latencies(tookMs: readonly number[]): Latencies {
  return { p50Ms: percentile(tookMs, 0.5), p95Ms: percentile(tookMs, 0.95), p99Ms: percentile(tookMs, 0.99) };
}
