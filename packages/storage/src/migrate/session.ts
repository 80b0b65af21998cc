import type { DirectConnection } from "../database.ts";

/** A migration that waits longer than this for a table would make every later query of that table wait behind it. */
export const lockTimeoutMs = 2_000;
/** How long one statement of a migration may run unless its file says otherwise. */
export const statementTimeoutMs = 15 * 60_000;

/** The settings every migration runs under, whatever the role or the database has as its own. */
export const sessionSettings: readonly string[] = [
  `set lock_timeout = ${lockTimeoutMs}`,
  `set statement_timeout = ${statementTimeoutMs}`,
  "set idle_in_transaction_session_timeout = 60000",
  "set standard_conforming_strings = on",
  "set client_min_messages = warning",
  "set timezone = 'UTC'",
  "set search_path = millrace, pg_temp",
  "set synchronous_commit = on",
];

/** Puts the session into a known state. */
export async function prepareSession(connection: DirectConnection): Promise<void> {
  for (const setting of sessionSettings) await connection.exec(setting);
  // So that the server drops a killed migrator's statement and lock within seconds; a Windows server can't do it.
  await connection.exec("set client_connection_check_interval = 2000").catch(() => {});
}
