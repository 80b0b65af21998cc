import type { JobStore } from "@millrace/storage";
import type { Metrics } from "@millrace/telemetry";

import { backoffMs, jitter } from "./backoff.ts";
import type { LeaseBook } from "./lease-book.ts";
import type { Outages } from "./outages.ts";

export interface HeartbeatsOptions {
  readonly store: Pick<JobStore, "heartbeat">;
  readonly book: Pick<LeaseBook, "tokens" | "extend" | "end">;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly outages: Outages;
  readonly metrics: Pick<Metrics, "heartbeatsTotal">;
}

export interface Heartbeats {
  start(): void;
  /** Resolves after a beat that began after the call. @throws UNAVAILABLE */
  beat(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Extends all leases of the worker in one call, on a timer of its own. Every lease that isn't settled yet is in every beat:
 * one that covers whole claims moves one row a claim instead of one a job.
 */
export function createHeartbeats(options: HeartbeatsOptions): Heartbeats {
  const { store, book, leaseMs, heartbeatMs, outages, metrics } = options;
  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let failures = 0;
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function send(): Promise<void> {
    const tokens = book.tokens();
    if (tokens.length === 0) return;
    // Reckoned from before the call: the database's deadline is later, never earlier.
    const deadlineMs = performance.now() + leaseMs;
    try {
      const outcomes = await store.heartbeat(tokens, leaseMs);
      for (const [index, token] of tokens.entries()) {
        const outcome = outcomes[index];
        if (outcome?.ok === true) book.extend(token, deadlineMs);
        else book.end(token, outcome?.cancelRequested === true ? "cancelled" : "leaseLost");
      }
      failures = 0;
      metrics.heartbeatsTotal.inc({ outcome: "ok" });
      outages.recovered("heartbeat");
    } catch (error) {
      failures++;
      metrics.heartbeatsTotal.inc({ outcome: "failed" });
      outages.failed("heartbeat", error);
      throw error;
    }
  }

  async function run(): Promise<void> {
    try {
      await send();
    } finally {
      current = undefined;
    }
  }

  /** Beats never overlap: whoever asks during one shares the one after it. */
  function beat(): Promise<void> {
    if (next !== undefined) return next;
    if (current === undefined) return (current = run());
    return (next = current
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return (current = run());
      }));
  }

  function schedule(): void {
    if (stopped) return;
    // After a failure sooner: the lease is running out.
    const waitMs = failures === 0 ? jitter(heartbeatMs, 0.1) : Math.min(backoffMs(failures), heartbeatMs);
    timer = setTimeout(
      () =>
        void beat()
          .catch(() => undefined)
          .finally(schedule),
      waitMs,
    );
  }

  return {
    start() {
      stopped = false;
      schedule();
    },
    beat,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await (next ?? current)?.catch(() => undefined);
    },
  };
}
