import { MillraceError } from "@millrace/contract";

/** Turns for something of which only so much may happen at once, shared fairly among tenants. */
export interface Turns {
  /**
   * Waits for a turn, and answers how to end it.
   * @throws RATE_LIMITED when too many of the tenant wait or it took too long; the signal's reason when it fires
   */
  take(tenantId: string, signal?: AbortSignal): Promise<() => void>;
}

export interface TurnsOptions {
  /** Turns at the same time, of all tenants and of one. */
  readonly concurrency: number;
  readonly concurrencyPerTenant: number;
  /** How many of a tenant may wait. */
  readonly queueMax: number;
  readonly queueTimeoutMs: number;
}

interface Line {
  running: number;
  readonly waiting: (() => void)[];
}

/** Makes turns: tenants that wait take them one after the other, whoever has had the last one goes to the end. */
export function createTurns({ concurrency, concurrencyPerTenant, queueMax, queueTimeoutMs }: TurnsOptions): Turns {
  /** Tenants that run or wait, in the order in which they come next. */
  const lines = new Map<string, Line>();
  let running = 0;

  function lineOf(tenantId: string): Line {
    const line = lines.get(tenantId) ?? { running: 0, waiting: [] };
    lines.set(tenantId, line);
    return line;
  }

  function begin(tenantId: string, line: Line): void {
    running++;
    line.running++;
    lines.delete(tenantId);
    lines.set(tenantId, line);
  }

  function end(tenantId: string, line: Line): void {
    running--;
    line.running--;
    next();
    if (line.running === 0 && line.waiting.length === 0) lines.delete(tenantId);
  }

  function next(): void {
    for (const [tenantId, line] of Array.from(lines)) {
      if (running >= concurrency) return;
      if (line.running >= concurrencyPerTenant) continue;
      const start = line.waiting.shift();
      if (start === undefined) continue;
      begin(tenantId, line);
      start();
    }
  }

  function whyWaiting(line: Line): string {
    return line.running >= concurrencyPerTenant
      ? `Other queries of this tenant run, which may have ${concurrencyPerTenant} at a time.`
      : `Queries of other tenants take all ${concurrency} places of this process.`;
  }

  function refused(message: string): MillraceError {
    return new MillraceError("RATE_LIMITED", message, {
      retryAfterMs: Math.min(Math.max(queueTimeoutMs, 100), retryAfterMsMax),
    });
  }

  async function untilStarted(line: Line, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (error: unknown) => {
      const at = line.waiting.indexOf(resolve);
      if (at < 0) return;
      line.waiting.splice(at, 1);
      reject(error);
    };
    const onAbort = () => leave(signal?.reason);
    line.waiting.push(resolve);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(
      () => leave(refused(`${whyWaiting(line)} It waited ${queueTimeoutMs} ms.`)),
      queueTimeoutMs,
    );
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  return {
    async take(tenantId, signal) {
      signal?.throwIfAborted();
      const line = lineOf(tenantId);
      if (running < concurrency && line.running < concurrencyPerTenant && line.waiting.length === 0) {
        begin(tenantId, line);
      } else if (line.waiting.length >= queueMax) {
        throw refused(`This tenant has ${queueMax} queries that wait already.`);
      } else {
        try {
          await untilStarted(line, signal);
        } catch (error) {
          if (line.running === 0 && line.waiting.length === 0) lines.delete(tenantId);
          throw error;
        }
      }
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        end(tenantId, line);
      };
    },
  };
}

const retryAfterMsMax = 2_000;
