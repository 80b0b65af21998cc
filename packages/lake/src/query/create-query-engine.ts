import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isMillraceError, MillraceError } from "@millrace/contract";
import { silentLogger } from "@millrace/telemetry";

import { createPool } from "./children/create-pool.ts";
import { ChildGone, type QueryChild } from "./children/start-child.ts";
import type { QueryEngine, QueryEngineOptions, QueryInput, QueryResult } from "./query-types.ts";
import { runInChild } from "./run-in-child.ts";

const resultBytesDefault = 256 * 1024 * 1024;
/** How long an interrupted query may take to end before its process is killed. */
const graceMs = 500;

/** Starts the processes that run queries; `ready` tells when they are warm. */
export function createQueryEngine(options: QueryEngineOptions): QueryEngine {
  const logger = options.logger ?? silentLogger;
  const resultBytesMax = options.resultBytesMax ?? resultBytesDefault;
  const spool = mkdtempSync(join(options.spoolDir ?? tmpdir(), "millrace-query-"));
  const pool = createPool({
    children: options.children,
    threads: options.threads,
    memoryBytes: options.memoryBytes,
    fileBytesMax: resultBytesMax,
    waitingMax: options.waitingMax ?? options.children * 16,
    logger,
  });
  let lastId = 0;
  const running = new Set<AbortController>();

  const run = async (input: QueryInput, stop: AbortController, isRetry = false): Promise<QueryResult> => {
    const startedMs = performance.now();
    const { signal } = stop;
    lastId += 1;
    const id = lastId;
    const outPath = join(spool, String(id));
    const child = await pool.borrow(signal);
    const work = runInChild(child, {
      ...input,
      signal,
      id,
      outPath,
      bytesMax: Math.min(input.bytesMax, resultBytesMax),
    });
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const onStop = (): void => {
      reject(signal.reason);
      void endOverdue(child, id, work);
    };
    signal.addEventListener("abort", onStop, { once: true });
    // The caller's answer does not wait for a child that has to be killed; the child is given back when it is done with.
    void work
      .then(({ body }) => signal.aborted && body.destroy())
      .catch((error: unknown) => {
        // What was allocated on the way to the limit is not always given back.
        if (isMillraceError(error, "QUERY_TOO_LARGE")) child.kill();
        return rm(outPath, { force: true });
      })
      .finally(() => pool.giveBack(child));
    try {
      const result = await Promise.race([work, stopped]);
      return { ...result, elapsedMs: performance.now() - startedMs };
    } catch (error) {
      if (!(error instanceof ChildGone)) throw error;
      // It may have ended while it had nothing to do, and only now be seen to be gone.
      if (!error.hadStarted && !isRetry) return await run(input, stop, true);
      logger.warn({ component: "query", reason: error.message }, "a process ended while it ran a query");
      throw new MillraceError("QUERY_TOO_LARGE", "The query's process ended: it asked for too much.", { cause: error });
    } finally {
      signal.removeEventListener("abort", onStop);
    }
  };

  return {
    async run(input) {
      const stop = new AbortController();
      const timeoutMs = Math.min(input.timeoutMs, options.timeoutMsMax);
      const onAbort = (): void => stop.abort(input.signal?.reason);
      input.signal?.throwIfAborted();
      input.signal?.addEventListener("abort", onAbort, { once: true });
      const timer = setTimeout(() => stop.abort(timedOut(timeoutMs)), timeoutMs);
      running.add(stop);
      try {
        return await run(input, stop);
      } finally {
        clearTimeout(timer);
        running.delete(stop);
        input.signal?.removeEventListener("abort", onAbort);
      }
    },
    ready: () => pool.ready(),
    stats: () => pool.stats(),
    async close() {
      for (const stop of running) stop.abort(new MillraceError("UNAVAILABLE", "The query engine is closing."));
      await pool.close();
      await rm(spool, { recursive: true, force: true });
    },
  };
}

function timedOut(timeoutMs: number): MillraceError {
  return new MillraceError("QUERY_TIMEOUT", `The query did not end within ${timeoutMs} ms.`);
}

/** Interrupts a query, and kills its process when that does not end it: DuckDB can't be interrupted everywhere. */
async function endOverdue(child: QueryChild, id: number, work: Promise<unknown>): Promise<void> {
  child.interrupt(id);
  const timer = setTimeout(() => child.isAsked() && child.kill(), graceMs);
  await work.catch(() => undefined);
  clearTimeout(timer);
}
