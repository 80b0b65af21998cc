import { setTimeout as delay } from "node:timers/promises";

import { isConflict } from "./pg-error.ts";

const attemptsMax = 4;
const delayMaxMs = 20;

/** Runs a piece of work again, a few times, while it fails by deadlock or serialization; each time PostgreSQL has undone all of it. */
export async function retryConflicts<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === attemptsMax || !isConflict(error)) throw error;
      // Both sides of a conflict come back at different times.
      await delay(Math.random() * delayMaxMs * attempt);
    }
  }
}
