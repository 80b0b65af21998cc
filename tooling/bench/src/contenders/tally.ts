/** How often jobs were done. */
export interface Count {
  readonly handled: number;
  /** Of those, jobs that had been done before. */
  readonly repeated: number;
}

/** Counts what a handler did, job by job. */
export interface Tally {
  add(i: number): void;
  count(): Count;
  /** Resolves once so many have been handled. */
  reached(handled: number): Promise<void>;
}

/** A tally of nothing yet. */
export function createTally(): Tally {
  let seen = new Uint8Array(1 << 16);
  let handled = 0;
  let repeated = 0;
  let goal: (PromiseWithResolvers<void> & { readonly at: number }) | undefined;
  return {
    add(i) {
      if (i >= seen.length) {
        const larger = new Uint8Array(Math.max(i + 1, seen.length * 2));
        larger.set(seen);
        seen = larger;
      }
      if (seen[i] === 1) repeated++;
      seen[i] = 1;
      handled++;
      if (goal !== undefined && handled >= goal.at) {
        goal.resolve();
        goal = undefined;
      }
    },
    count: () => ({ handled, repeated }),
    async reached(at) {
      if (handled >= at) return;
      goal = { ...Promise.withResolvers<void>(), at };
      await goal.promise;
    },
  };
}
