import { createRecentUse } from "./recent-use.ts";

/** Shares the time of a process's event loop among tenants, so that one whose requests need much of it doesn't keep others waiting for all of them. */
export interface CpuTurns {
  /** Runs a piece of work, of a few milliseconds at most, when it is the tenant's turn. Rejects with what it throws. */
  run<Result>(tenantId: string, work: () => Result): Promise<Result>;
  /** The tenant waits for an answer until what this returns is called: meanwhile those that use far more of the loop rest three quarters of the time. */
  enter(tenantId: string): () => void;
  /** Whether the tenant uses far more of the loop than another one who is there, or was just now, so that it shall have little under way. */
  makesRoom(tenantId: string): boolean;
}

export interface CpuTurnsOptions {
  /** So long pieces are begun before sockets and timers have their turn again. */
  readonly roundMs?: number | undefined;
  readonly nowMs?: (() => number) | undefined;
  /** Calls back once sockets and timers had their turn. */
  readonly defer?: ((resume: () => void) => void) | undefined;
  /** Calls back later. */
  readonly delay?: ((resume: () => void, ms: number) => void) | undefined;
}

const roundMsDefault = 2;

/** A tenant that had next to nothing of a round needn't wait for the next one until so many times its length are over. */
const overtime = 2;
const nextToNothing = 1 / 4;
/** Who rests does so for so many times as long as it has worked. */
const restRatio = 3;
/** Loop time of about the last second, from which on a tenant is one that rests. */
const heavyMs = 50;

/**
 * Makes the turns of a process. Work runs at once while no other waits and the round is not over, or where its tenant had next to nothing of this round yet;
 * otherwise tenants take turns, a piece each.
 *
 * Turns alone leave the loop busy without a pause while one tenant floods. Each step of another's request (its arrival, its timer, the answer of the database) then waits for what
 * has just begun, and the database waits for a processor. So while another's request is under way, whoever uses far more rests: it keeps a quarter of the loop then, and all of it
 * while nobody else waits.
 */
export function createCpuTurns({
  roundMs = roundMsDefault,
  nowMs = () => performance.now(),
  defer = (resume) => void setImmediate(resume),
  delay = (resume, ms) => void setTimeout(resume, ms),
}: CpuTurnsOptions = {}): CpuTurns {
  /** Who waits; the first one is next. */
  const lines = new Map<string, (() => void)[]>();
  /** What each has had of this round. */
  const had = new Map<string, number>();
  const use = createRecentUse<string>({ muchAmount: heavyMs, nowMs });
  /** So long a tenant works at least before it rests. */
  const goMs = roundMs / 2;
  let usedMs = 0;
  let isDeferred = false;

  function timed(tenantId: string, work: () => void): void {
    const fromMs = nowMs();
    work();
    const endMs = nowMs();
    const tookMs = endMs - fromMs;
    usedMs += tookMs;
    const hadMs = (had.get(tenantId) ?? 0) + tookMs;
    had.set(tenantId, hadMs);
    // Timers are too coarse for rests that are shorter.
    if (hadMs >= goMs) use.rest(tenantId, restRatio * hadMs);
    use.add(tenantId, tookMs);
    if (isDeferred) return;
    isDeferred = true;
    defer(beginRound);
  }

  function beginRound(): void {
    isDeferred = false;
    usedMs = 0;
    had.clear();
    while (usedMs < roundMs && lines.size > 0) {
      const next = firstAwake();
      if (next === undefined) break;
      const [tenantId, waiting] = next;
      const work = waiting.shift();
      // Whoever had a turn goes behind all others.
      lines.delete(tenantId);
      if (waiting.length > 0) lines.set(tenantId, waiting);
      if (work !== undefined) timed(tenantId, work);
    }
    awake();
  }

  function firstAwake() {
    for (const line of lines) if (use.restMs(line[0]) === 0) return line;
    return undefined;
  }

  /** Comes back when the first of those that wait has rested. */
  function awake(): void {
    if (isDeferred || lines.size === 0) return;
    isDeferred = true;
    delay(beginRound, Math.min(...[...lines.keys()].map(use.restMs)));
  }

  /** Whether a tenant of which nothing waits need not wait either. */
  function isFree(tenantId: string): boolean {
    if (lines.size === 0 && usedMs < roundMs) return use.restMs(tenantId) === 0;
    return (
      (had.get(tenantId) ?? 0) < nextToNothing * roundMs && usedMs < overtime * roundMs && use.restMs(tenantId) === 0
    );
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
        else {
          lines.set(tenantId, [settle]);
          awake();
        }
      });
    },
    enter: (tenantId) => use.enter(tenantId),
    makesRoom: (tenantId) => use.makesRoom(tenantId),
  };
}
