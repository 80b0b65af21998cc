import { type ClaimedJob, type ClaimRequest, decodeWakeup, type JobStore, wakeupChannel } from "@millrace/storage";
import type { Logger, Metrics } from "@millrace/telemetry";

import { jitter } from "../worker/backoff.ts";
import type { Listen } from "../worker/options.ts";
import { createOutages } from "../worker/outages.ts";
import { createWorkerRegister } from "../worker/worker-register.ts";
import { claimInChunks } from "./claim-in-chunks.ts";
import { createWaitingLine, type DeskClaim, type DeskClaimed } from "./waiting-line.ts";

export type { DeskClaim } from "./waiting-line.ts";

export interface ClaimDeskOptions {
  readonly store: Pick<JobStore, "claimJobs" | "releaseJobs" | "reportWorkers">;
  /** A database's `listen`. Without it those who wait are served by polling. */
  readonly listen?: Listen | undefined;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, "claimsTotal" | "claimedJobsTotal" | "wakeupsTotal">;
  /** How often to look for jobs that no notification announced; default 5,000. */
  readonly pollIntervalMs?: number | undefined;
  /** The same while notifications don't arrive; default 1,000. */
  readonly deafPollIntervalMs?: number | undefined;
}

export interface DeskWait {
  readonly waitMs: number;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Where all claims of a process are made, and all that wait for jobs wait: on one shared listener, and with one claim for a wake instead of one each. */
export interface ClaimDesk {
  /** Claims now, and with `wait` again as soon as there may be something; empty when there was nothing in that time. @throws UNAVAILABLE */
  claim(request: DeskClaim, wait?: DeskWait): Promise<readonly ClaimedJob[]>;
  /** Releases what was claimed for somebody who has gone; the attempts are given back. */
  handBack(claimed: readonly ClaimedJob[]): void;
  /** Answers all that wait, and resolves when nothing is under way. */
  close(): Promise<void>;
}

/** How many claims go straight to the database for callers who would wait; more of them at once stand in line, and share claims. */
const directMax = 8;

/** Makes a desk. It listens from the first wait on. */
export function createClaimDesk(options: ClaimDeskOptions): ClaimDesk {
  const { store, listen, logger, metrics, pollIntervalMs = 5_000, deafPollIntervalMs = 1_000 } = options;
  const line = createWaitingLine(claimOnce);
  const register = createWorkerRegister({ store, outages: createOutages(logger) });
  const handingBack = new Set<Promise<void>>();
  let subscription: ReturnType<Listen> | undefined;
  let isListening = false;
  let wakes = 0;
  let direct = 0;
  let poll: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function claimOnce(request: DeskClaim): Promise<DeskClaimed> {
    let retryInMs: number | undefined;
    const onRetryIn = (ms: number) => {
      retryInMs = ms;
    };
    const claimed = await claimInChunks(countedClaim, { ...request, onRetryIn });
    return { claimed, retryInMs };
  }

  async function countedClaim(request: ClaimRequest): Promise<readonly ClaimedJob[]> {
    const claimed = await store.claimJobs(request);
    metrics.claimsTotal.inc({ outcome: claimed.length > 0 ? "jobs" : "empty" });
    if (claimed.length > 0) metrics.claimedJobsTotal.inc(claimed.length);
    return claimed;
  }

  async function claimDirectly(request: DeskClaim): Promise<DeskClaimed> {
    direct++;
    try {
      return await claimOnce(request);
    } finally {
      direct--;
    }
  }

  function wake(tenantId?: string, queue?: string): void {
    wakes++;
    line.wake(tenantId, queue);
  }

  function count(source: "notify" | "poll"): void {
    if (line.size() > 0) metrics.wakeupsTotal.inc({ source });
  }

  function onNotify(payload: string): void {
    count("notify");
    const lanes = decodeWakeup(payload);
    if (lanes === undefined) wake();
    else for (const [tenantId, queue, where] of lanes) if (where !== "held") wake(tenantId, queue);
  }

  function onState(connected: boolean): void {
    if (connected === isListening || isClosed) return;
    isListening = connected;
    // What was sent before is missed.
    if (connected) wake();
    else logger.warn({ channel: wakeupChannel }, "Notifications don't arrive; claims that wait are served by polling");
    clearTimeout(poll);
    poll = undefined;
    schedulePoll();
  }

  /** Behind the notifications, one of which may get lost: a claim now and then for all who wait for the same. */
  function schedulePoll(): void {
    if (poll !== undefined || line.size() === 0 || isClosed) return;
    poll = setTimeout(
      () => {
        poll = undefined;
        count("poll");
        wake();
        schedulePoll();
      },
      jitter(isListening ? pollIntervalMs : deafPollIntervalMs),
    );
  }

  async function waitFor(request: DeskClaim, { waitMs, signal }: DeskWait): Promise<readonly ClaimedJob[]> {
    const endMs = performance.now() + waitMs;
    const isDirect = direct < directMax && !line.hasLike(request);
    const wakesBefore = wakes;
    const first = isDirect ? await claimDirectly(request) : { claimed: [] };
    const leftMs = endMs - performance.now();
    if (first.claimed.length > 0 || signal.aborted || leftMs <= 0 || isClosed) return first.claimed;

    const place = line.join(request);
    subscription ??= listen?.(wakeupChannel, onNotify, onState);
    schedulePoll();
    // Where others wait for the same, one claim answers for all of them. And a wake during the claim above may have come too late for it.
    if (!isDirect || wakes !== wakesBefore) line.wakeLike(request);
    else if (first.retryInMs !== undefined) line.wakeLike(request, first.retryInMs);
    const timer = setTimeout(place.leave, leftMs);
    signal.addEventListener("abort", place.leave, { once: true });
    try {
      return await place.claimed;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", place.leave);
    }
  }

  async function release(claimed: readonly ClaimedJob[]): Promise<void> {
    try {
      await store.releaseJobs(claimed);
    } catch (error) {
      logger.warn({ err: error, count: claimed.length }, "Jobs could not be handed back; their leases will run out");
    }
  }

  return {
    async claim(request, wait) {
      const leave = register.enter({ ...request, name: request.worker });
      try {
        return wait === undefined ? (await claimOnce(request)).claimed : await waitFor(request, wait);
      } finally {
        leave();
      }
    },
    handBack(claimed) {
      if (claimed.length === 0) return;
      const done = release(claimed).finally(() => handingBack.delete(done));
      handingBack.add(done);
    },
    async close() {
      isClosed = true;
      clearTimeout(poll);
      await line.close();
      await Promise.all([...handingBack, register.stop()]);
      await (await subscription)?.close();
    },
  };
}
