import { setTimeout as delay } from "node:timers/promises";

import type { LeaseOutcome } from "@millrace/storage";

/** Pauses before further tries of items that somebody else's transaction holds; what is held after the last is the caller's to send again. */
const triesAfterMs = [50, 100, 200, 400, 500, 500];

/** Writes items, and those that are busy again for a short while, by themselves; the outcomes are in input order. */
export async function patiently<Item>(
  items: readonly Item[],
  write: (items: readonly Item[]) => Promise<readonly LeaseOutcome[]>,
): Promise<readonly LeaseOutcome[]> {
  const outcomes = [...(await write(items))];
  for (const pauseMs of triesAfterMs) {
    const busy = [...outcomes.entries()].flatMap(([index, outcome]) => {
      const item = items[index];
      return isBusy(outcome) && item !== undefined ? [{ index, item }] : [];
    });
    if (busy.length === 0) break;
    await delay(pauseMs);
    // The others are written: whatever goes wrong now concerns these only, and they can be sent again.
    const again = await write(busy.map(({ item }) => item)).catch(() => []);
    for (const [at, { index }] of busy.entries()) {
      const outcome = again[at];
      if (outcome !== undefined) outcomes[index] = outcome;
    }
  }
  return outcomes;
}

/** True for an item that was not written since somebody else's transaction holds its job. */
export function isBusy(outcome: LeaseOutcome): boolean {
  return !outcome.ok && outcome.reason === "busy";
}
