import type { Writable } from "node:stream";

import type { Executor, Parameter, QueryOptions, Statement } from "../executor.ts";
import { toMillraceError } from "../pg-error.ts";
import { openConnection } from "./connection.ts";
import { readOptions } from "./options.ts";
import type { DatabaseOptions, DatabaseSettings } from "./options.ts";
import { encodeParameters } from "./parameters.ts";

/** One session straight to the server, without statement deadlines of its own unless given. */
export interface DirectConnection extends Executor {
  /** Runs SQL text of any number of statements; they are one transaction unless they say otherwise. */
  exec(sqlText: string, options?: QueryOptions): Promise<void>;
  /** Runs a COPY … TO STDOUT and writes its bytes to `sink`, as fast as that takes them. After a failure the session is over. */
  copyTo(sqlText: string, sink: Writable, options?: QueryOptions): Promise<void>;
  close(): Promise<void>;
}

/** The longest delay that a timer of Node takes, a little over 24 days. */
const noTimeoutMs = 2_147_483_647;

/** Opens one session straight to the server, without a pool. @throws UNAVAILABLE, VALIDATION_FAILED */
export function connectDirectly(options: DatabaseOptions): Promise<DirectConnection> {
  return openDirect(readOptions(options));
}

/** Opens a session of one's own on the direct URL. @throws UNAVAILABLE */
export async function openDirect(
  settings: Pick<DatabaseSettings, "directAddress" | "directSession" | "connectTimeoutMs">,
): Promise<DirectConnection> {
  const connection = await translated("none", () =>
    openConnection(
      { address: settings.directAddress, session: settings.directSession, prepare: false },
      settings.connectTimeoutMs,
    ),
  );
  return {
    async query<Row>(statement: Statement, parameters: readonly Parameter[] = [], { timeoutMs = noTimeoutMs } = {}) {
      const encoded = encodeParameters(parameters);
      const { rows } = await translated("unknown", () => connection.run(statement.text, encoded, timeoutMs));
      return rows as readonly Row[];
    },
    async exec(sqlText, { timeoutMs = noTimeoutMs } = {}) {
      await translated("unknown", () => connection.exec(sqlText, timeoutMs));
    },
    async copyTo(sqlText, sink, { timeoutMs = noTimeoutMs } = {}) {
      await translated("unknown", () => connection.copyTo(sqlText, sink, timeoutMs));
    },
    close: () => connection.end(),
  };
}

async function translated<Answer>(outcome: "none" | "unknown", run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (error) {
    throw toMillraceError(error, outcome);
  }
}
