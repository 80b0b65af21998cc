import { MillraceError } from "@millrace/contract";

import { parseAddress } from "./address.ts";
import type { Address, SslOption } from "./address.ts";

/** What the door tells about its work, for metrics and logs. A listener must not throw. */
export interface DatabaseObserver {
  /** One statement or transaction ended. */
  readonly statement?: (name: string, seconds: number, ok: boolean) => void;
  /** One statement or transaction got its connection, or gave up. */
  readonly poolWait?: (seconds: number) => void;
  /** A notification listener of a caller threw. */
  readonly listenerFailed?: (error: unknown) => void;
}

export interface DatabaseOptions {
  /** May lead to a transaction-mode pooler. */
  readonly url: string;
  /** Leads straight to the server, for LISTEN and the migrator; default `url`. */
  readonly directUrl?: string | undefined;
  /** Connections that stay open although they are unused; default 0. */
  readonly poolMin?: number | undefined;
  /** Most connections at once; default 10. */
  readonly poolMax?: number | undefined;
  /** An unused connection is closed after this; default 60,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** A connection older than this is replaced once it is free; default 30 minutes. */
  readonly maxLifetimeMs?: number | undefined;
  /** Deadline of a statement, waiting for a connection included; default 5,000. */
  readonly statementTimeoutMs?: number | undefined;
  /** Deadline of a whole transaction; default 15,000. */
  readonly transactionTimeoutMs?: number | undefined;
  /** Longest wait for a lock; default 1,000. */
  readonly lockTimeoutMs?: number | undefined;
  /** Deadline for opening a connection; default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Longest wait for a connection; default 1,000. */
  readonly acquireTimeoutMs?: number | undefined;
  /** Most callers that may wait for a connection at once; default 1,000. */
  readonly waitingMax?: number | undefined;
  /** How often the LISTEN connection is asked whether it lives; default 10,000. */
  readonly heartbeatMs?: number | undefined;
  /** Default: what the URL says, else none on this machine and `prefer` elsewhere. */
  readonly ssl?: SslOption | undefined;
  /** False where a pooler can't keep prepared statements; default true. */
  readonly prepare?: boolean | undefined;
  readonly applicationName?: string | undefined;
  /**
   * Server settings of each connection (`plan_cache_mode`, `jit`, …), sent as it opens together with the timeouts above.
   * An empty object sends neither: for a pooler that refuses them.
   */
  readonly session?: Readonly<Record<string, string>> | undefined;
  readonly observer?: DatabaseObserver | undefined;
}

export interface DatabaseSettings {
  readonly address: Address;
  readonly directAddress: Address;
  readonly poolMin: number;
  readonly poolMax: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly statementTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly acquireTimeoutMs: number;
  readonly waitingMax: number;
  readonly heartbeatMs: number;
  readonly prepare: boolean;
  readonly session: Readonly<Record<string, string>>;
  readonly directSession: Readonly<Record<string, string>>;
  readonly observer: DatabaseObserver;
}

/** Validates the options and fills in the defaults. @throws VALIDATION_FAILED naming every option that is wrong */
export function readOptions(options: DatabaseOptions): DatabaseSettings {
  const errors: { path: string; code: string; message: string }[] = [];
  const count = (name: keyof DatabaseOptions, fallback: number, least = 1): number => {
    const value = options[name] ?? fallback;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= timerMax) return value;
    errors.push({ path: name, code: "out_of_range", message: `A whole number from ${least} to ${timerMax}` });
    return fallback;
  };
  const statementTimeoutMs = count("statementTimeoutMs", 5_000);
  const lockTimeoutMs = count("lockTimeoutMs", 1_000);
  const transactionTimeoutMs = count("transactionTimeoutMs", 15_000);
  const base = { application_name: options.applicationName ?? "millrace", DateStyle: "ISO", TimeZone: "UTC" };
  const timeouts = {
    statement_timeout: String(statementTimeoutMs),
    lock_timeout: String(lockTimeoutMs),
    idle_in_transaction_session_timeout: String(transactionTimeoutMs),
  };
  const isBare = options.session !== undefined && Object.keys(options.session).length === 0;
  const settings = {
    address: parseAddress(options.url, options.ssl),
    directAddress: parseAddress(options.directUrl ?? options.url, options.ssl),
    poolMin: count("poolMin", 0, 0),
    poolMax: count("poolMax", 10),
    idleTimeoutMs: count("idleTimeoutMs", 60_000),
    maxLifetimeMs: count("maxLifetimeMs", 30 * 60_000),
    statementTimeoutMs,
    transactionTimeoutMs,
    connectTimeoutMs: count("connectTimeoutMs", 5_000),
    acquireTimeoutMs: count("acquireTimeoutMs", 1_000),
    waitingMax: count("waitingMax", 1_000, 0),
    heartbeatMs: count("heartbeatMs", 10_000),
    prepare: options.prepare ?? true,
    session: isBare ? base : { ...base, ...timeouts, ...options.session },
    directSession: base,
    observer: options.observer ?? {},
  };
  if (errors.length > 0) throw new MillraceError("VALIDATION_FAILED", "The database options are not valid", { errors });
  return settings;
}

/** The longest delay that a timer of Node takes. */
const timerMax = 2_147_483_647;
