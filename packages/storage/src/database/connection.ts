import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { isConnectionLoss } from "../pg-error.ts";
import type { Address } from "./address.ts";
import { cancelStatement } from "./cancel.ts";
import { backendKeyOf, copyOut, createClient, extendedQuery, lastResult, simpleQuery } from "./client.ts";
import { connectionError } from "./connection-error.ts";
import { openSocket } from "./socket.ts";

/** One session on the server. After any connection error it is dead for good, and nothing can be sent on it again. */
export interface Connection {
  readonly openedAtMs: number;
  /** Why the connection is dead; undefined while it lives. */
  readonly deadBecause: Error | undefined;
  /** Runs one statement by the extended protocol, so stacked statements are refused. Past its deadline the connection is dead. */
  run(text: string, parameters: readonly (string | null)[], timeoutMs: number): Promise<RunResult>;
  /** The same, with columns in order and not decoded. */
  runRaw(text: string, parameters: readonly (string | null)[], timeoutMs: number): Promise<RawResult>;
  /** Runs SQL text of any number of statements by the simple protocol; answers the last one's result. */
  exec(sqlText: string, timeoutMs: number): Promise<RunResult>;
  /** Runs a COPY … TO STDOUT and writes its bytes to `sink`, as fast as that takes them. After a failure the connection is dead. */
  copyTo(text: string, sink: Writable, timeoutMs: number): Promise<void>;
  /** Calls back once, when the connection dies; at once if it is dead. Answers how to call that off. */
  onDeath(listener: (reason: Error) => void): () => void;
  /** Cuts the connection at once; asks the server to give up what it is still doing for it. */
  destroy(reason: Error): void;
  /** Says goodbye to the server and closes; cuts the connection if that takes too long. */
  end(): Promise<void>;
}

export interface RunResult {
  readonly rows: readonly unknown[];
  /** The command that the server says it ran: a COMMIT that found a failed transaction answers ROLLBACK. */
  readonly command: string;
}

export interface RawResult {
  readonly rows: readonly (readonly (Uint8Array | null)[])[];
  readonly typeOids: readonly number[];
}

export interface ConnectionOptions {
  readonly address: Address;
  /** Settings that the session starts with. */
  readonly session: Readonly<Record<string, string>>;
  readonly prepare: boolean;
  readonly onNotify?: ((channel: string, payload: string) => void) | undefined;
}

const endTimeoutMs = 1_000;
const terminate = Buffer.from([0x58, 0, 0, 0, 4]);

/** Opens a connection: socket, handshake and a first answer within the deadline. Errors are the driver's own. */
export async function openConnection(options: ConnectionOptions, timeoutMs: number): Promise<Connection> {
  const deadlineMs = performance.now() + timeoutMs;
  const socket = await openSocket(options.address, timeoutMs);
  const sql = createClient(options, socket);
  const pending = new Set<(reason: Error) => void>();
  const deathListeners = new Set<(reason: Error) => void>();
  const first = simpleQuery(sql, "select 1");
  let deadBecause: Error | undefined;

  // Dead at the first sign: until the socket has closed, the pool would give the connection to somebody else.
  const lost = (): void => die(connectionError("CONNECTION_CLOSED", "The server closed the connection"));
  socket.on("error", die).on("end", lost).on("close", lost);

  function die(reason: Error): void {
    if (deadBecause !== undefined) return;
    deadBecause = reason;
    for (const reject of pending) reject(reason);
    for (const listener of deathListeners) listener(reason);
  }

  function destroy(reason: Error): void {
    const isCutShort = deadBecause === undefined && pending.size > 0;
    const backend = backendKeyOf(first);
    if (isCutShort && backend !== undefined) void cancelStatement(options.address, backend);
    die(reason);
    socket.destroy();
  }

  // The driver's own promise is not enough: it may stay open for ever when its connection goes away at a bad moment.
  function send<Result>(start: () => PromiseLike<Result>, limitMs: number): Promise<Result> {
    if (deadBecause !== undefined) return Promise.reject(deadBecause);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => destroy(connectionError("STATEMENT_DEADLINE", "The statement's deadline passed")),
        Math.max(limitMs, 1),
      );
      const settle = (): void => {
        clearTimeout(timer);
        pending.delete(fail);
      };
      const fail = (reason: Error): void => {
        settle();
        if (isConnectionLoss(reason)) destroy(reason);
        reject(reason);
      };
      pending.add(fail);
      start().then((result) => {
        settle();
        resolve(result);
      }, fail);
    });
  }

  const connection: Connection = {
    openedAtMs: performance.now(),
    get deadBecause() {
      return deadBecause;
    },
    async run(text, parameters, limitMs) {
      const result = await send(() => extendedQuery(sql, text, parameters, options.prepare), limitMs);
      return { rows: result, command: result.command };
    },
    async runRaw(text, parameters, limitMs) {
      const result = await send(() => extendedQuery(sql, text, parameters, options.prepare).raw(), limitMs);
      return { rows: result, typeOids: result.columns.map((column) => column.type) };
    },
    async exec(sqlText, limitMs) {
      const result = lastResult(await send(() => simpleQuery(sql, sqlText), limitMs));
      return { rows: result, command: result.command };
    },
    async copyTo(text, sink, limitMs) {
      const endMs = performance.now() + limitMs;
      let stream: Readable | undefined;
      try {
        stream = await send(() => copyOut(sql, text), limitMs);
        const bytes = stream;
        await send(() => pipeline(bytes, sink), endMs - performance.now());
        // The driver pauses the socket when the sink is slow and resumes it when more is read: not behind the last bytes.
        socket.resume();
      } catch (error) {
        // What the server still sends would be taken for the answer to the next statement.
        destroy(error as Error);
        stream?.destroy();
        sink.destroy();
        throw error;
      }
    },
    onDeath(listener) {
      if (deadBecause === undefined) deathListeners.add(listener);
      else listener(deadBecause);
      return () => deathListeners.delete(listener);
    },
    destroy,
    async end() {
      if (deadBecause !== undefined) return;
      die(connectionError("CONNECTION_ENDED", "The connection was ended"));
      const timer = setTimeout(() => socket.destroy(), endTimeoutMs);
      await new Promise<void>((resolve) => {
        socket.once("close", () => resolve());
        socket.end(terminate);
      });
      clearTimeout(timer);
    },
  };

  try {
    await send(() => first, deadlineMs - performance.now());
  } catch (error) {
    destroy(error as Error);
    throw error;
  }
  return connection;
}
