/** A tenant by its number, or whoever has waited longest. */
export type Due = number | "anyone";

/** Whose turn it is, and when. */
export interface DueTenants {
  /** Due in so many milliseconds, unless it is sooner already. */
  add(due: Due, delayMs: number): void;
  /** The one that has been due for longest, as soon as there is one; undefined once it is closed. */
  next(): Promise<Due | undefined>;
  close(): void;
}

/** Hands each due tenant to one taker, in the order of their times: a tenant that comes back at once stands behind those that wait. */
export function createDueTenants(): DueTenants {
  const times = new Map<Due, number>();
  const takers: ((due: Due | undefined) => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function handOut(): void {
    clearTimeout(timer);
    while (takers.length > 0) {
      const [first] = [...times].toSorted(([, a], [, b]) => a - b);
      if (first === undefined) return;
      const waitMs = first[1] - performance.now();
      if (waitMs > 0) {
        timer = setTimeout(handOut, waitMs);
        return;
      }
      times.delete(first[0]);
      takers.shift()?.(first[0]);
    }
  }

  return {
    add(due, delayMs) {
      if (closed) return;
      const atMs = performance.now() + delayMs;
      times.set(due, Math.min(times.get(due) ?? atMs, atMs));
      handOut();
    },
    next() {
      if (closed) return Promise.resolve(undefined);
      const { promise, resolve } = Promise.withResolvers<Due | undefined>();
      takers.push(resolve);
      handOut();
      return promise;
    },
    close() {
      closed = true;
      clearTimeout(timer);
      for (const take of takers.splice(0)) take(undefined);
    },
  };
}
