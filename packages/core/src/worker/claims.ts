import type { ClaimedJob, ClaimRequest, JobStore } from "@millrace/storage";
import type { Metrics } from "@millrace/telemetry";

import { backoffMs } from "./backoff.ts";
import type { Outages } from "./outages.ts";

export interface ClaimsOptions {
  readonly store: Pick<JobStore, "claimJobs">;
  readonly queues?: readonly string[] | undefined;
  readonly types: readonly string[];
  readonly tenantId?: string | undefined;
  readonly leaseMs: number;
  readonly worker: string;
  /** How many jobs could be taken now; 0 when it isn't worth a claim. */
  readonly room: (riding: boolean) => number;
  /** True when a write leaves soon that can take a claim along (see `ride`). */
  readonly canRide: () => boolean;
  /** Takes what was claimed. `deadlineMs` (monotonic) is until when the leases surely hold. */
  readonly take: (claimed: readonly ClaimedJob[], deadlineMs: number) => void;
  readonly outages: Outages;
  readonly metrics: Pick<Metrics, "claimsTotal" | "claimedJobsTotal">;
}

/** Sends a claim, and answers what it brought. */
export type RunClaim = (request: ClaimRequest) => Promise<readonly ClaimedJob[]>;

export interface Claims {
  /** There may be jobs: claim, if there is room. */
  look(): void;
  /** Room has been made: claim, if there may be jobs. */
  refill(): void;
  /**
   * A write is about to leave that can claim as well. Runs it with the claim that is due; answers false, and doesn't run it, when none is.
   * Rejects when `run` does.
   */
  ride(run: RunClaim): false | Promise<void>;
  /** How long a claim that brings jobs has been taking of late. */
  claimMs(): number;
  /** Claims nothing more; resolves when no claim is under way. */
  stop(): Promise<void>;
}

/** How much the newest claim weighs in the average. */
const newestShare = 0.2;

/** Whoever comes for a token that another worker was faster to take waits up to so many times as long for the next ones. */
const patienceMax = 8;
const waitMsMax = 60_000;

/**
 * Claims as much as there is room for, one claim at a time, until a claim brings nothing; then rests until told to look.
 * Only an empty claim means that nothing is left: a claim divides its limit among the tenants and queues that have work.
 */
export function createClaims(options: ClaimsOptions): Claims {
  const { store, room, take, outages, metrics } = options;
  let mayHaveMore = false;
  let stopped = false;
  let failures = 0;
  let claimMs = 0;
  let current: Promise<void> | undefined;
  let pause: NodeJS.Timeout | undefined;
  let again: NodeJS.Timeout | undefined;
  let isForToken = false;
  let patience = 1;

  function refill(): void {
    if (!isDue() || options.canRide()) return;
    const limit = room(false);
    if (limit > 0) claim(limit, (request) => store.claimJobs(request)).catch(() => undefined);
  }

  function isDue(): boolean {
    return !stopped && mayHaveMore && current === undefined && pause === undefined;
  }

  /** Claims by `run`, one claim at a time; rejects when `run` does, which is taken care of here. */
  function claim(limit: number, run: RunClaim): Promise<void> {
    const claiming = land(limit, run);
    const settled = claiming.catch(() => undefined);
    current = settled;
    void settled.then(() => {
      current = undefined;
      refill();
    });
    return claiming;
  }

  async function land(limit: number, run: RunClaim): Promise<void> {
    // What is announced from here on may come too late for this claim.
    mayHaveMore = false;
    const { queues, types, tenantId, leaseMs, worker } = options;
    const startMs = performance.now();
    clearTimeout(again);
    const wasForToken = isForToken;
    isForToken = false;
    let retryInMs: number | undefined;
    const onRetryIn = (ms: number) => {
      retryInMs = ms;
    };
    try {
      const claimed = await run({ queues, types, tenantId, limit, leaseMs, worker, onRetryIn });
      failures = 0;
      if (claimed.length > 0) {
        mayHaveMore = true;
        patience = 1;
        claimMs += (performance.now() - startMs - claimMs) * newestShare;
      } else if (retryInMs !== undefined && !stopped) {
        if (wasForToken) patience = Math.min(patience * 2, patienceMax);
        again = setTimeout(lookForToken, Math.min(retryInMs * patience, waitMsMax));
      }
      metrics.claimsTotal.inc({ outcome: claimed.length > 0 ? "jobs" : "empty" });
      outages.recovered("claim");
      take(claimed, startMs + leaseMs);
    } catch (error) {
      failures++;
      mayHaveMore = true;
      outages.failed("claim", error);
      pause = setTimeout(resume, backoffMs(failures));
      throw error;
    }
  }

  function resume(): void {
    pause = undefined;
    refill();
  }

  function lookForToken(): void {
    isForToken = true;
    look();
  }

  function look(): void {
    mayHaveMore = true;
    refill();
  }

  return {
    look,
    refill,
    ride(run) {
      const limit = isDue() ? room(true) : 0;
      return limit > 0 && claim(limit, run);
    },
    claimMs: () => claimMs,
    async stop() {
      stopped = true;
      clearTimeout(pause);
      clearTimeout(again);
      await current;
    },
  };
}
