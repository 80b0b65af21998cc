import { isMillraceError, MillraceError } from "@millrace/contract";
import { untilAborted } from "@millrace/storage";
import { silentLogger } from "@millrace/telemetry";

import { createPool } from "./children/create-pool.ts";
import { ChildGone, type QueryChild } from "./children/start-child.ts";
import type { QueryTable } from "./query-table.ts";
import type { QueryEngine, QueryEngineOptions, QueryInput, QueryResult } from "./query-types.ts";
import { admit, execute } from "./run-in-child.ts";
import { openSpool } from "./spool.ts";

const resultBytesDefault = 256 * 1024 * 1024;
/** How long an interrupted query may take to end before its process is killed. */
const graceMs = 500;

/** What a child is lent for. */
interface Lent {
  readonly id: number;
  readonly signal: AbortSignal;
  /** Its statement was checked. */
  readonly admitted: boolean;
}

/** Starts the processes that run queries; `ready` tells when they are warm. */
export function createQueryEngine(options: QueryEngineOptions): QueryEngine {
  const logger = options.logger ?? silentLogger;
  const resultBytesMax = options.resultBytesMax ?? resultBytesDefault;
  const spool = openSpool(options.spoolDir);
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

  /**
   * Lends a child to one step of a query. The caller's answer does not wait for a child that has to be killed: it is given back when it is done
   * with, and `unwanted` is told what it still answers.
   */
  const withChild = async <Result>(
    { id, signal, admitted }: Lent,
    step: (child: QueryChild) => Promise<Result>,
    unwanted: (result: Result) => void = () => undefined,
    isRetry = false,
  ): Promise<Result> => {
    const child = await pool.borrow(signal, admitted);
    const started = async (): Promise<Result> => {
      signal.throwIfAborted();
      return step(child);
    };
    const work = started();
    const onStop = (): void => void endOverdue(child, id, work);
    signal.addEventListener("abort", onStop, { once: true });
    void work
      .then((result) => {
        if (signal.aborted) unwanted(result);
      })
      .catch((error: unknown) => {
        // What was allocated on the way to the limit is not always given back.
        if (isMillraceError(error, "QUERY_TOO_LARGE")) child.kill();
      })
      .finally(() => pool.giveBack(child));
    try {
      return await untilAborted(work, signal);
    } catch (error) {
      if (!(error instanceof ChildGone)) throw error;
      // It may have ended while it had nothing to do, and only now be seen to be gone.
      if (!error.hadStarted && !isRetry) return await withChild({ id, signal, admitted }, step, unwanted, true);
      logger.warn({ component: "query", reason: error.message }, "a process ended while it ran a query");
      throw new MillraceError("QUERY_TOO_LARGE", "The query's process ended: it asked for too much.", { cause: error });
    } finally {
      signal.removeEventListener("abort", onStop);
    }
  };

  const run = async (input: QueryInput, signal: AbortSignal): Promise<QueryResult> => {
    const startedMs = performance.now();
    lastId += 1;
    const id = lastId;
    const admitted = await withChild({ id, signal, admitted: false }, (child) => admit(child, input));
    // No child is held meanwhile: a store that does not answer keeps nobody waiting but this query.
    const tables = await untilAborted(open(input, admitted.tables, signal), signal);
    const outPath = await spool.pathFor(id);
    const query = { ...input, id, outPath, bytesMax: Math.min(input.bytesMax, resultBytesMax) };
    const result = await withChild(
      { id, signal, admitted: true },
      (child) => execute(child, query, admitted.body, tables),
      ({ body }) => body.destroy(),
    );
    return { ...result, elapsedMs: performance.now() - startedMs };
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
        return await run(input, stop.signal);
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
      await spool.close();
    },
  };
}

async function open(
  { open: opener }: QueryInput,
  tables: readonly QueryTable[],
  signal: AbortSignal,
): Promise<readonly QueryTable[]> {
  return opener === undefined ? tables : opener(tables, signal);
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
