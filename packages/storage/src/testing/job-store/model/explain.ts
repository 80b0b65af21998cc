import { isDeepStrictEqual } from "node:util";

import { type Exchange, partsOf } from "./operation.ts";
import type { ModelState } from "./state.ts";
import { step } from "./step.ts";
import { type StoreView, viewOf } from "./view.ts";

/**
 * Searches an order of exchanges that ran at the same time in which each answer was right and after which the store has to show
 * what it shows: if there is one, they were as good as one after the other (linearizable). Answers the state after it.
 */
export function explain(
  state: ModelState,
  exchanges: readonly Exchange[],
  observed: StoreView,
): ModelState | undefined {
  const parts = exchanges.flatMap(partsOf);
  const alone = parts.length === 1;
  const visible = (view: StoreView) => blurred(view, exchanges, state);
  const shows = visible(observed);

  const search = (reached: ModelState, open: readonly Exchange[]): ModelState | undefined => {
    if (open.length === 0) {
      return isDeepStrictEqual(visible(viewOf(reached)), shows) ? reached : undefined;
    }
    for (const [index, exchange] of open.entries()) {
      for (const next of step(reached, exchange, { alone })) {
        const found = search(next, open.toSpliced(index, 1));
        if (found !== undefined) return found;
      }
    }
    return undefined;
  };
  return search(state, parts);
}

/**
 * Without what is open for a moment: a rescue that could not look at a lease right then asks again a second later, and moves its
 * deadline to say so; and a job with a concurrency key is let in soon after it could be.
 */
function blurred(view: StoreView, exchanges: readonly Exchange[], { limits }: ModelState): StoreView {
  const isLeaseOpen = exchanges.length > 1 && exchanges.some(({ operation }) => operation.kind === "rescue");
  return {
    jobs: isLeaseOpen ? view.jobs.map((job) => ({ ...job, isLeaseOver: null })) : view.jobs,
    queues: limits.perKey === null ? view.queues : view.queues.map((queue) => ({ ...queue, hasOldest: null })),
  };
}

/** Why nothing explains it, in words: what was asked, what was answered, and how the store differs from what it should show. */
export function describeUnexplained(state: ModelState, exchanges: readonly Exchange[], observed: StoreView): string {
  const lines = exchanges.map(
    ({ operation, answer }) => `  ${JSON.stringify(operation)}\n    → ${JSON.stringify(answer)}`,
  );
  const reason = reasonOf(state, exchanges, observed);
  return `The store broke its contract:\n${lines.join("\n")}\n${reason}`;
}

function reasonOf(state: ModelState, exchanges: readonly Exchange[], observed: StoreView): string {
  const before = viewOf(state);
  const [only] = exchanges;
  if (only === undefined || exchanges.flatMap(partsOf).length > 1) {
    return `no order of these explains the answers and the state\n${differences(before, observed, "before", "after")}`;
  }
  const [next] = step(state, only, { alone: true });
  if (next === undefined) return `this answer is not allowed\n${differences(before, observed, "before", "after")}`;
  return differences(viewOf(next), observed, "expected", "found");
}

function differences(one: StoreView, other: StoreView, oneName: string, otherName: string): string {
  const parts = (view: StoreView) =>
    new Map<string, unknown>([
      ...view.jobs.map((job) => [`job ${job.id}`, job] as const),
      ...view.queues.map((queue) => [`queue ${queue.tenantId}/${queue.queue}`, queue] as const),
    ]);
  const [left, right] = [parts(one), parts(other)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((name) => !isDeepStrictEqual(left.get(name), right.get(name)))
    .map(
      (name) =>
        `${name}\n  ${oneName}: ${JSON.stringify(left.get(name))}\n  ${otherName}: ${JSON.stringify(right.get(name))}`,
    )
    .join("\n");
}
