import { MillraceError } from "@millrace/contract";

import type { Parameter, Statement, Transaction } from "../executor.ts";
import { isConnectionLoss, toMillraceError } from "../pg-error.ts";
import { connectionError } from "./connection-error.ts";
import type { Connection } from "./connection.ts";
import { encodeParameters } from "./parameters.ts";
import { rawRows } from "./raw-rows.ts";
import type { RawRows } from "./raw-rows.ts";

export interface TransactionOptions {
  /** Deadline of the whole transaction, waiting for a connection included; default `transactionTimeoutMs`. */
  readonly timeoutMs?: number;
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
  readonly readOnly?: boolean;
}

export interface TransactionLimits {
  /** When the transaction must be over, by `performance.now()`. */
  readonly deadlineMs: number;
  /** Limits that the session has set on the server; a caller who asks for more has them raised for this transaction. */
  readonly statementTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  readonly observe: (name: string, startMs: number, ok: boolean) => void;
}

/**
 * Runs `fn` in a transaction on a connection that nobody else uses, and commits.
 * When the connection dies the wait for `fn` ends at once: whatever it does later with its handle is refused, so it reaches no other session.
 * @throws what `fn` throws, after a rollback; UNAVAILABLE, with `outcome: "unknown"` when the answer to COMMIT was lost
 */
export async function runTransaction<Result>(
  connection: Connection,
  fn: (tx: Transaction) => Promise<Result>,
  options: TransactionOptions,
  limits: TransactionLimits,
): Promise<Result> {
  let closedBecause: Error | undefined;
  let firstFailure: MillraceError | undefined;
  let serverTimeoutMs = limits.statementTimeoutMs;

  const remainingMs = (): number => limits.deadlineMs - performance.now();
  const timer = setTimeout(
    () => {
      connection.destroy(connectionError("STATEMENT_DEADLINE", "The transaction's deadline passed"));
    },
    Math.max(remainingMs(), 1),
  );

  async function send<Answer>(
    statement: Statement,
    timeoutMs: number,
    run: (limitMs: number) => Promise<Answer>,
  ): Promise<Answer> {
    if (closedBecause !== undefined) throw closedBecause;
    const startMs = performance.now();
    try {
      if (timeoutMs > serverTimeoutMs) {
        serverTimeoutMs = timeoutMs;
        await connection.exec(`set local statement_timeout = ${Math.ceil(timeoutMs)}`, remainingMs());
      }
      const answer = await run(Math.min(timeoutMs, remainingMs()));
      limits.observe(statement.name, startMs, true);
      return answer;
    } catch (error) {
      limits.observe(statement.name, startMs, false);
      const failure = toMillraceError(error);
      firstFailure ??= failure;
      throw failure;
    }
  }

  const tx: Transaction & RawRows = {
    isTransaction: true,
    async query<Row>(
      statement: Statement,
      parameters: readonly Parameter[] = [],
      { timeoutMs = limits.statementTimeoutMs } = {},
    ) {
      const encoded = encodeParameters(parameters);
      const result = await send(statement, timeoutMs, (limitMs) => connection.run(statement.text, encoded, limitMs));
      return result.rows as readonly Row[];
    },
    [rawRows](statement, parameters) {
      const encoded = encodeParameters(parameters);
      return send(statement, limits.statementTimeoutMs, (limitMs) =>
        connection.runRaw(statement.text, encoded, limitMs),
      );
    },
  };

  const { promise: died, reject: abandon } = Promise.withResolvers<never>();
  died.catch(() => {});
  const forgetDeath = connection.onDeath((reason) => {
    const failure = toMillraceError(reason);
    closedBecause ??= failure;
    abandon(firstFailure ?? failure);
  });

  try {
    await settle(() => connection.exec(beginText(options, limits), remainingMs()));
    let result: Result;
    try {
      result = await Promise.race([fn(tx), died]);
    } catch (error) {
      await rollback();
      throw error;
    }
    closedBecause ??= over();
    await commit();
    return result;
  } finally {
    closedBecause ??= over();
    forgetDeath();
    clearTimeout(timer);
  }

  async function commit(): Promise<void> {
    let command: string;
    try {
      ({ command } = await connection.exec("commit", remainingMs()));
    } catch (error) {
      // A server that goes away may have committed already; any other error means that it did not.
      if (isConnectionLoss(error)) connection.destroy(error as Error);
      throw toMillraceError(error, "unknown");
    }
    // A statement had failed and the caller went on: the server then answers COMMIT with ROLLBACK, and no error.
    if (command !== "COMMIT") throw firstFailure ?? new MillraceError("INTERNAL", "The transaction was rolled back");
  }

  async function rollback(): Promise<void> {
    closedBecause ??= over();
    if (connection.deadBecause !== undefined) return;
    try {
      await connection.exec("rollback", remainingMs());
    } catch (error) {
      // The server rolls back by itself once the connection is cut; the caller's own error matters more.
      connection.destroy(error as Error);
    }
  }
}

async function settle<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (error) {
    throw toMillraceError(error);
  }
}

function over(): MillraceError {
  return new MillraceError("INTERNAL", "The transaction is over: its handle was used after it ended");
}

function beginText(
  { isolation, readOnly = false, timeoutMs = 0 }: TransactionOptions,
  { transactionTimeoutMs }: TransactionLimits,
): string {
  const begin = `begin${isolation === undefined ? "" : ` isolation level ${isolation}`}${readOnly ? " read only" : ""}`;
  if (timeoutMs <= transactionTimeoutMs) return begin;
  return `${begin}; set local idle_in_transaction_session_timeout = ${Math.ceil(timeoutMs)}`;
}
