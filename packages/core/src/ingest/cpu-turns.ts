/** Shares the time of a process's event loop among tenants, so that one whose requests need much of it doesn't keep others waiting for all of them. */
export interface CpuTurns {
  /** Runs a piece of work, of a few milliseconds at most, when it is the tenant's turn. Rejects with what it throws. */
  run<Result>(tenantId: string, work: () => Result): Promise<Result>;
}

export interface CpuTurnsOptions {
  /** So long pieces are begun before sockets and timers have their turn again. */
  readonly roundMs?: number | undefined;
  readonly nowMs?: (() => number) | undefined;
  /** Calls back once sockets and timers had their turn. */
  readonly defer?: ((resume: () => void) => void) | undefined;
}

const roundMsDefault = 2;

/** A tenant that had no turn in a round needn't wait for the next one until so many times its length are over. */
const overtime = 2;

/**
 * Makes the turns of a process. Work runs at once while no other waits and the round is not over, or where its tenant had no turn in this round yet;
 * otherwise tenants take turns, a piece each.
 */
export function createCpuTurns({
  roundMs = roundMsDefault,
  nowMs = () => performance.now(),
  defer = (resume) => void setImmediate(resume),
}: CpuTurnsOptions = {}): CpuTurns {
  /** Who waits; the first one is next. */
  const lines = new Map<string, (() => void)[]>();
  /** Who had a turn in this round. */
  const served = new Set<string>();
  let usedMs = 0;
  let isDeferred = false;

  function timed(tenantId: string, work: () => void): void {
    const fromMs = nowMs();
    served.add(tenantId);
    work();
    usedMs += nowMs() - fromMs;
    if (isDeferred) return;
    isDeferred = true;
    defer(beginRound);
  }

  function beginRound(): void {
    isDeferred = false;
    usedMs = 0;
    served.clear();
    while (usedMs < roundMs) {
      const [first] = lines;
      if (first === undefined) return;
      const [tenantId, waiting] = first;
      const work = waiting.shift();
      // Whoever had a turn goes behind all others.
      lines.delete(tenantId);
      if (waiting.length > 0) lines.set(tenantId, waiting);
      if (work !== undefined) timed(tenantId, work);
    }
  }

  /** Whether a tenant of which nothing waits need not wait either. */
  function isFree(tenantId: string): boolean {
    if (lines.size === 0 && usedMs < roundMs) return true;
    return !served.has(tenantId) && usedMs < overtime * roundMs;
  }

  return {
    run<Result>(tenantId: string, work: () => Result) {
      return new Promise<Result>((resolve) => {
        // A promise within a promise, since what `work` throws is to reject.
        const settle = () => {
          resolve(
            new Promise((done) => {
              done(work());
            }),
          );
        };
        const waiting = lines.get(tenantId);
        if (waiting !== undefined) waiting.push(settle);
        else if (isFree(tenantId)) timed(tenantId, settle);
        else lines.set(tenantId, [settle]);
      });
    },
  };
}
