import type { Socket } from "node:net";
import type { Readable } from "node:stream";

import postgres from "postgres";

import type { BackendKey } from "./cancel.ts";
import { connectionError } from "./connection-error.ts";
import type { ConnectionOptions } from "./connection.ts";
import { parsers } from "./results.ts";

/** The types that the driver would encode or decode its own way; ours come and go as text. */
const driverTypeOids = [16, 17, 114, 1082, 1114, 1184, 3802];

const types = Object.fromEntries(
  [...new Set([...driverTypeOids, ...Object.keys(parsers).map(Number)])].map((oid) => [
    `oid${oid}`,
    { to: oid, from: [oid], serialize: String, parse: parsers[oid] as (text: string) => unknown },
  ]),
);

/**
 * A client of the driver that speaks on this one socket and can never open another:
 * a statement that comes too late is refused, where the driver by itself would reconnect and send it into a new session.
 */
export function createClient({ address, session, prepare, onNotify }: ConnectionOptions, socket: Socket): postgres.Sql {
  let isTaken = false;
  return postgres({
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    password: () => address.password,
    socket: () => {
      if (isTaken) throw connectionError("CONNECTION_ENDED", "The connection is gone");
      isTaken = true;
      return socket;
    },
    max: 1,
    prepare,
    types,
    connection: session,
    fetch_types: false,
    ssl: false,
    keep_alive: null,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 0,
    backoff: false,
    onnotice: () => {},
    onnotify: onNotify ?? (() => {}),
  } as unknown as postgres.Options<Record<string, postgres.PostgresType>>);
}

/** One statement under way in the driver. */
export type DriverQuery = ReturnType<postgres.Sql["unsafe"]>;
export type DriverResult = Awaited<DriverQuery>;

/** Makes a statement of the extended protocol, whose server refuses stacked statements even without parameters. */
export function extendedQuery(
  sql: postgres.Sql,
  text: string,
  parameters: readonly (string | null)[],
  prepare: boolean,
): DriverQuery {
  const options: postgres.UnsafeQueryOptions & { readonly simple: boolean } = { prepare, simple: false };
  return withoutOrigin(sql.unsafe(text, [...parameters], options));
}

/** Makes a message of the simple protocol, which may hold several statements and takes no parameters. */
export function simpleQuery(sql: postgres.Sql, text: string): DriverQuery {
  return withoutOrigin(sql.unsafe(text).simple());
}

/** Starts a COPY … TO STDOUT; resolves with its bytes when the server begins to send them. */
export function copyOut(sql: postgres.Sql, text: string): Promise<Readable> {
  return withoutOrigin(sql.unsafe(text)).readable();
}

// The driver keeps an entry for ever for each failed query whose origin it looks up; ours have none to show.
function withoutOrigin(query: DriverQuery): DriverQuery {
  return Object.defineProperty(query, "origin", { value: "" });
}

/** The key to cancel by, of the session that runs this query; undefined until the server has told it. */
export function backendKeyOf(query: DriverQuery): BackendKey | undefined {
  const { state } = query as unknown as { readonly state: BackendKey | { readonly pid: null } | null };
  if (state === null) return undefined;
  return state.pid === null ? undefined : state;
}

/** The result of the last statement; the driver answers several statements with a list of results. */
export function lastResult(result: DriverResult): DriverResult {
  if ("command" in result) return result;
  const results = result as unknown as readonly [DriverResult, ...DriverResult[]];
  return results.at(-1) ?? results[0];
}
