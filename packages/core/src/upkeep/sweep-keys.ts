import type { JobStore } from "@millrace/storage";

import { jitter } from "../worker/backoff.ts";
import type { Task } from "./task.ts";

const sweepMax = 1_000;
const intervalMs = 180_000;

/** Forgets idempotency keys whose window has passed. They are free before: this gives the room back. */
export function sweepKeysTask(store: Pick<JobStore, "sweepKeys">): Task {
  return {
    component: "keys",
    firstDelayMs: Math.random() * intervalMs,
    async step() {
      return (await store.sweepKeys(sweepMax)) >= sweepMax ? 0 : jitter(intervalMs);
    },
  };
}
