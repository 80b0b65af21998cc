import type { JobStore } from "@millrace/storage";

import { jitter } from "../worker/backoff.ts";
import type { Task } from "./task.ts";

const promoteMax = 1_000;

export interface PromoteOptions {
  readonly store: Pick<JobStore, "promoteDue">;
  /** How often to look, since others may schedule something sooner than what is next now. */
  readonly pollIntervalMs: number;
  /** Jobs have become claimable. */
  readonly onDue: () => void;
}

/** Brings scheduled jobs that are due to where they can be claimed. */
export function promoteTask({ store, pollIntervalMs, onDue }: PromoteOptions): Task {
  return {
    component: "promote",
    firstDelayMs: 0,
    async step() {
      const { promoted, nextDueInMs } = await store.promoteDue(promoteMax);
      if (promoted > 0) onDue();
      if (promoted >= promoteMax) return 0;
      return Math.min(nextDueInMs ?? Number.POSITIVE_INFINITY, jitter(pollIntervalMs));
    },
  };
}
