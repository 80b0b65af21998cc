import { setTimeout as delay } from "node:timers/promises";

import type { HistoryEvent } from "@millrace/e2e/history";
import { seededRandom } from "@millrace/e2e/processes";
import type { ClaimedJob } from "@millrace/storage";

import { type StageWorker, openStage } from "./open-stage.ts";

export interface InProcessOptions {
  readonly seed: number;
  readonly jobs: number;
}

const leaseMs = 150;
const workers = 4;
/** So many workers at once hold back their writes; the others take their jobs over. */
const stalledMax = 2;
/** A write is held back in every so many attempts, as long as there aren't too many held back. */
const stalledEvery = 6;
const failures = 0.1;

/**
 * The same in small: workers in this process race over the jobs of a producer, and some of them stall until another has taken their job over, and then
 * finish as if nothing had been. Answers the history, with what the store shows in the end.
 */
export async function runInProcess({ seed, jobs }: InProcessOptions): Promise<readonly HistoryEvent[]> {
  await using stage = await openStage({ workers });
  const takeovers = createTakeovers();
  let attempts = 0;
  let stalled = 0;
  let stopping = false;

  async function stall(claimed: ClaimedJob): Promise<void> {
    stalled++;
    await takeovers.after(claimed);
    stalled--;
  }

  async function work(worker: StageWorker, index: number): Promise<void> {
    const random = seededRandom(seed * 10 + index);
    while (!stopping) {
      await worker.tidy();
      const batch = await worker.claim({ limit: 2, leaseMs });
      for (const claimed of batch) takeovers.note(claimed);
      if (batch.length === 0) await delay(5);
      for (const claimed of batch) {
        if (attempts++ % stalledEvery === 0 && stalled < stalledMax) await stall(claimed);
        else await delay(random() * 10);
        await (random() < failures ? worker.fail(claimed) : worker.complete(claimed));
      }
    }
  }

  const working = stage.workers.map((worker, index) => work(worker, index + 1));
  await stage.enqueue(jobs);
  while (!(await stage.isOver())) await delay(20);
  stopping = true;
  await Promise.all(working);
  return await stage.history();
}

/** Tells a worker when another has got its job. */
function createTakeovers(): {
  note(claimed: ClaimedJob): void;
  after(claimed: ClaimedJob): Promise<void>;
} {
  const latest = new Map<string, number>();
  const waiting = new Map<string, Set<() => void>>();
  return {
    note({ job: { id, fence } }) {
      latest.set(id, Math.max(fence, latest.get(id) ?? 0));
      for (const resolve of waiting.get(id) ?? []) resolve();
      waiting.delete(id);
    },
    after({ job: { id, fence } }) {
      if ((latest.get(id) ?? 0) > fence) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(id, (waiting.get(id) ?? new Set()).add(resolve));
      return promise;
    },
  };
}
