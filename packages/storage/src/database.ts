import { openConnection } from "./database/connection.ts";
import type { Connection, RawResult } from "./database/connection.ts";
import { openDirect } from "./database/direct.ts";
import type { DirectConnection } from "./database/direct.ts";
import { drizzleOf } from "./database/drizzle.ts";
import type { Drizzle } from "./database/drizzle.ts";
import { createListener } from "./database/listener.ts";
import type { Subscription } from "./database/listener.ts";
import { readOptions } from "./database/options.ts";
import type { DatabaseOptions } from "./database/options.ts";
import { encodeParameters } from "./database/parameters.ts";
import { createPool } from "./database/pool.ts";
import type { PoolStats } from "./database/pool.ts";
import { rawRows } from "./database/raw-rows.ts";
import type { RawRows } from "./database/raw-rows.ts";
import { runTransaction } from "./database/transaction.ts";
import type { TransactionOptions } from "./database/transaction.ts";
import type { Executor, Parameter, QueryOptions, Statement, Transaction } from "./executor.ts";
import { toMillraceError } from "./pg-error.ts";
import { retryConflicts } from "./retry-conflicts.ts";

export { connectDirectly } from "./database/direct.ts";
export type { DirectConnection } from "./database/direct.ts";
export type { Drizzle } from "./database/drizzle.ts";
export { drizzleOf } from "./database/drizzle.ts";
export type { Subscription } from "./database/listener.ts";
export type { DatabaseObserver, DatabaseOptions } from "./database/options.ts";
export type { SslMode, SslOption } from "./database/address.ts";
export type { PoolStats } from "./database/pool.ts";
export type { TransactionOptions } from "./database/transaction.ts";
export type { Executor, Parameter, QueryOptions, Statement, Transaction } from "./executor.ts";

/** The one door to PostgreSQL. Every failure is a MillraceError; no failure of the server or the network ends the process or hangs. */
export interface Database extends Executor {
  /** Runs `fn` in a transaction that commits when it resolves and rolls back when it rejects; only its handle takes part. */
  withTransaction<Result>(fn: (tx: Transaction) => Promise<Result>, options?: TransactionOptions): Promise<Result>;
  /**
   * Calls back for each notification on the channel, on one direct connection of its own that is rebuilt whenever it is lost.
   * Resolves after the first attempt; `onState` tells every change. What is sent while it is not connected is missed.
   */
  listen(
    channel: string,
    onNotify: (payload: string) => void,
    onState?: (connected: boolean) => void,
  ): Promise<Subscription>;
  /** Asks the server for an answer. @throws UNAVAILABLE */
  ping(options?: QueryOptions): Promise<void>;
  stats(): PoolStats;
  /** Drizzle's query builder on this database, for cold queries. */
  readonly drizzle: Drizzle;
  /** A connection of one's own, straight to the server, that keeps its session: for the migrator. */
  connect(): Promise<DirectConnection>;
  /** Refuses new work, lets what is under way end for `graceMs` (default 5,000), then cuts it. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

const closeGraceMs = 5_000;
const pingStatement: Statement = { name: "ping", text: "select 1" };

/** Makes the door to a database; connections are opened when they are first needed. @throws VALIDATION_FAILED */
export function createDatabase(options: DatabaseOptions): Database {
  const settings = readOptions(options);
  const { observer, statementTimeoutMs, transactionTimeoutMs } = settings;
  const pool = createPool(settings, () => openConnection(settings, settings.connectTimeoutMs));
  const listener = createListener(settings);
  let drizzle: Drizzle | undefined;

  async function acquire(deadlineMs: number): Promise<Connection> {
    const startMs = performance.now();
    try {
      return await pool.acquire(Math.min(settings.acquireTimeoutMs, deadlineMs - startMs));
    } finally {
      observer.poolWait?.((performance.now() - startMs) / 1_000);
    }
  }

  function observe(name: string, startMs: number, ok: boolean): void {
    observer.statement?.(name, (performance.now() - startMs) / 1_000, ok);
  }

  async function runOnce<Answer>(
    { name }: Statement,
    deadlineMs: number,
    run: (connection: Connection, limitMs: number) => Promise<Answer>,
  ): Promise<Answer> {
    const connection = await acquire(deadlineMs);
    const startMs = performance.now();
    try {
      const answer = await run(connection, deadlineMs - startMs);
      observe(name, startMs, true);
      return answer;
    } catch (error) {
      observe(name, startMs, false);
      throw toMillraceError(error, "unknown");
    } finally {
      pool.release(connection);
    }
  }

  const database: Database & RawRows = {
    async query<Row>(statement: Statement, parameters: readonly Parameter[] = [], queryOptions: QueryOptions = {}) {
      const { timeoutMs = statementTimeoutMs } = queryOptions;
      // More time than the session allows on the server can only be had inside a transaction.
      if (timeoutMs > statementTimeoutMs) {
        return database.withTransaction((tx) => tx.query<Row>(statement, parameters, queryOptions), { timeoutMs });
      }
      const deadlineMs = performance.now() + timeoutMs;
      const encoded = encodeParameters(parameters);
      const result = await retryConflicts(() =>
        runOnce(statement, deadlineMs, (connection, limitMs) => connection.run(statement.text, encoded, limitMs)),
      );
      return result.rows as readonly Row[];
    },

    [rawRows](statement, parameters): Promise<RawResult> {
      const deadlineMs = performance.now() + statementTimeoutMs;
      const encoded = encodeParameters(parameters);
      return retryConflicts(() =>
        runOnce(statement, deadlineMs, (connection, limitMs) => connection.runRaw(statement.text, encoded, limitMs)),
      );
    },

    async withTransaction(fn, transactionOptions = {}) {
      const startMs = performance.now();
      const deadlineMs = startMs + (transactionOptions.timeoutMs ?? transactionTimeoutMs);
      const connection = await acquire(deadlineMs);
      let ok = false;
      try {
        const result = await runTransaction(connection, fn, transactionOptions, {
          deadlineMs,
          statementTimeoutMs,
          transactionTimeoutMs,
          observe,
        });
        ok = true;
        return result;
      } finally {
        observe("transaction", startMs, ok);
        pool.release(connection);
      }
    },

    listen: (channel, onNotify, onState) => listener.listen(channel, onNotify, onState),

    async ping(pingOptions) {
      await database.query(pingStatement, [], pingOptions);
    },

    stats: pool.stats,

    get drizzle() {
      drizzle ??= drizzleOf(database);
      return drizzle;
    },

    connect: () => openDirect(settings),

    async close({ graceMs = closeGraceMs } = {}) {
      await Promise.all([listener.close(), pool.close(graceMs)]);
    },
  };
  return database;
}
