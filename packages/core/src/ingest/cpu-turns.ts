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

/** Makes the turns of a process. Work runs at once while no other waits and the round is not over; otherwise tenants take turns, a piece each. */
export function createCpuTurns({
  roundMs = roundMsDefault,
  nowMs = () => performance.now(),
  defer = (resume) => void setImmediate(resume),
}: CpuTurnsOptions = {}): CpuTurns {
  /** Who waits; the first one is next. */
  const lines = new Map<string, (() => void)[]>();
  let usedMs = 0;
  let isDeferred = false;

  function timed(work: () => void): void {
    const fromMs = nowMs();
    work();
    usedMs += nowMs() - fromMs;
    if (isDeferred) return;
    isDeferred = true;
    defer(beginRound);
  }

  function beginRound(): void {
    isDeferred = false;
    usedMs = 0;
    while (usedMs < roundMs) {
      const work = takeNext();
      if (work === undefined) return;
      timed(work);
    }
  }

  function takeNext(): (() => void) | undefined {
    const [first] = lines;
    if (first === undefined) return undefined;
    const [tenantId, waiting] = first;
    const work = waiting.shift();
    // Whoever had a turn goes behind all others.
    lines.delete(tenantId);
    if (waiting.length > 0) lines.set(tenantId, waiting);
    return work;
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
        if (lines.size === 0 && usedMs < roundMs) {
          timed(settle);
          return;
        }
        const waiting = lines.get(tenantId);
        if (waiting === undefined) lines.set(tenantId, [settle]);
        else waiting.push(settle);
      });
    },
  };
}
