import type { Component } from "../worker/outages.ts";

/** One thing that upkeep does again and again. Any number of processes may do it at once, and none depends on another. */
export interface Task {
  readonly component: Component;
  readonly firstDelayMs: number;
  /** Does it once; answers how many milliseconds to wait before the next time. */
  step(): Promise<number>;
  /** How long to wait after so many failures in a row; default short pauses that grow. */
  pauseMs?(failures: number): number;
}
