import { MillraceError } from "@millrace/contract";

import { connectDirectly, type DirectConnection, type SslOption } from "../database.ts";
import { isConnectionLoss } from "../pg-error.ts";
import { MigrationError, rootCause, rootMessage } from "./error.ts";
import { prepareSession } from "./session.ts";

/** Where to connect. */
export interface ConnectionOptions {
  /** A direct connection string; a transaction-mode pooler can't hold the migration lock. */
  readonly url: string;
  /** Default: what the URL says, else none on this machine and encryption if offered elsewhere. */
  readonly ssl?: SslOption | undefined;
}

/** The oldest PostgreSQL that everything is tested on. */
const majorVersionMin = 14;

/** Opens the migrator's session and puts it into a known state. @throws MigrationError `unreachable`, `too-old` */
export async function openSession({ url, ssl }: ConnectionOptions): Promise<DirectConnection> {
  try {
    const connection = await connectDirectly({ url, ssl, applicationName: "millrace-migrator" });
    await prepareSession(connection);
    await requireVersion(connection, majorVersionMin);
    return connection;
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    if (error instanceof MillraceError && error.code === "VALIDATION_FAILED") throw error;
    throw new MigrationError("unreachable", `The database can't be reached: ${rootMessage(error)}.`, [], error);
  }
}

/** Refuses a server below a major version, and closes the session to it. @throws MigrationError `too-old` */
export async function requireVersion(connection: DirectConnection, majorMin: number): Promise<void> {
  const [row] = await connection.query<{ version: string; number: number }>({
    name: "migrate.serverVersion",
    text: "select current_setting('server_version') as version, current_setting('server_version_num')::integer as number",
  });
  if (row !== undefined && row.number >= majorMin * 10_000) return;
  await connection.close();
  throw new MigrationError(
    "too-old",
    `PostgreSQL ${row?.version} is too old: Millrace needs version ${majorMin} or newer.`,
  );
}

/** Runs `body` on a session of its own, and closes it. Whatever it throws arrives as a `MigrationError`. */
export async function withSession<T>(
  options: ConnectionOptions,
  body: (connection: DirectConnection) => Promise<T>,
): Promise<T> {
  const connection = await openSession(options);
  try {
    return await body(connection);
  } catch (error) {
    throw toMigrationError(error);
  } finally {
    await connection.close();
  }
}

/** Says what PostgreSQL answered, `during` which file if one was running. */
export function toMigrationError(error: unknown, during?: { readonly file: string; readonly version: number }): Error {
  if (error instanceof MigrationError) return error;
  const versions = during === undefined ? [] : [during.version];
  if (isConnectionLoss(rootCause(error))) {
    const message = `The connection to the database was lost${during === undefined ? "" : ` during ${during.file}`}.`;
    return new MigrationError("unreachable", message, versions, error);
  }
  const what = during === undefined ? "The database refused to be migrated" : `${during.file} failed`;
  return new MigrationError("failed", `${what}: ${rootMessage(error)}.`, versions, error);
}
