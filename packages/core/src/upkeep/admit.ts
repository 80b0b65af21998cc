import type { JobStore } from "@millrace/storage";

import { jitter } from "../worker/backoff.ts";
import type { Task } from "./task.ts";

/** Who frees a slot of a concurrency key admits the next job itself: this is for those that died in between. */
const intervalMs = 1_000;

/** Lets jobs in that wait for a free slot of their concurrency key. */
export function admitTask(store: Pick<JobStore, "admitHeld">): Task {
  return {
    component: "admit",
    firstDelayMs: 0,
    async step() {
      await store.admitHeld();
      return jitter(intervalMs);
    },
  };
}
