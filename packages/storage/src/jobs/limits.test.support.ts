import { setTimeout as pause } from "node:timers/promises";

import type { ClaimedJob, JobStore } from "./job-store.ts";

/** Milliseconds of the machine's monotonic clock, the same in every process. */
export function clockMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** What a worker saw of an attempt. It surely ran in between: from the answer to its claim until its end was asked for, or its lease may have run out. */
export interface Attempt {
  readonly queue: string;
  readonly key: string | null;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LimitsWorkerOptions {
  readonly store: JobStore;
  readonly tenantId: string;
  readonly leaseMs: number;
  readonly isOver: () => boolean;
  readonly onStart: (token: string, attempt: Omit<Attempt, "toMs">) => void;
  readonly onEnd: (token: string, toMs: number) => void;
  /** The share of attempts that are left to the rescuers. */
  readonly abandoned: number;
  readonly holdMsMax: number;
}

/** Claims some jobs at a time and ends each attempt in one of all the ways there are. */
export async function workLimits(options: LimitsWorkerOptions): Promise<void> {
  const { store, leaseMs, isOver } = options;
  const ending = new Set<Promise<void>>();
  while (!isOver()) {
    const deadlineMs = clockMs() + leaseMs;
    const limit = 1 + Math.floor(Math.random() * 5);
    const claimed = await store.claimJobs({ limit, leaseMs, worker: "limits" });
    const fromMs = clockMs();
    for (const { job, leaseToken } of claimed) {
      options.onStart(leaseToken, { queue: job.queue, key: job.concurrencyKey, fromMs });
      const done = end({ job, leaseToken }, deadlineMs, options).finally(() => ending.delete(done));
      ending.add(done);
    }
    await pause(claimed.length === 0 ? 5 : 0);
  }
  await Promise.all(ending);
}

async function end({ job, leaseToken }: ClaimedJob, deadlineMs: number, options: LimitsWorkerOptions): Promise<void> {
  const { store, tenantId, onEnd, abandoned, holdMsMax } = options;
  await pause(Math.random() * holdMsMax);
  const way = Math.random();
  if (way < abandoned) {
    onEnd(leaseToken, deadlineMs);
    return;
  }
  onEnd(leaseToken, Math.min(clockMs(), deadlineMs));
  if (way < 0.2) await store.failJobs([{ leaseToken, message: "again", retryable: true, retryAfterMs: 1 }]);
  else if (way < 0.25) await store.snoozeJobs([{ leaseToken, delayMs: 1 }]);
  else if (way < 0.3) await store.releaseJobs([{ leaseToken }]);
  else if (way < 0.35) await store.cancelJob({ tenantId, id: job.id }).catch(() => undefined);
  else await store.completeJobs([{ leaseToken, result: null }]);
}

/** Rescues, promotes and admits without rest, as upkeep does. */
export async function keepUp(store: JobStore, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await store.promoteDue(100);
    await store.rescueExpired(100);
    await store.admitHeld();
    await pause(5);
  }
}

/** The most attempts of a group that ran at one instant. */
export function mostAtOnce(
  attempts: readonly Attempt[],
  groupOf: (attempt: Attempt) => string | null,
): Map<string, number> {
  const groups = new Map<string, (readonly [atMs: number, change: number])[]>();
  for (const attempt of attempts) {
    const group = groupOf(attempt);
    if (group === null || attempt.toMs <= attempt.fromMs) continue;
    const changes = groups.get(group) ?? [];
    changes.push([attempt.fromMs, 1], [attempt.toMs, -1]);
    groups.set(group, changes);
  }
  const most = new Map<string, number>();
  for (const [group, changes] of groups) {
    let running = 0;
    let top = 0;
    // Of ends and starts at the same instant the ends come first.
    for (const [, change] of changes.toSorted(([a, up], [b, down]) => a - b || up - down)) {
      running += change;
      top = Math.max(top, running);
    }
    most.set(group, top);
  }
  return most;
}
