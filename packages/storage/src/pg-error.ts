import { MillraceError } from "@millrace/contract";
import type { ErrorCode, MillraceErrorOptions } from "@millrace/contract";

/** What a failed statement may have left behind: nothing, or nobody knows (its answer was lost after it was sent). */
export type Outcome = "none" | "unknown";

const retryAfterMs = 1_000;

/** Error codes of sockets, name resolution and the driver that mean: the server can't be reached, or the connection is gone. */
const connectionCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "EACCES",
  "EMFILE",
  "ENFILE",
  "ERR_STREAM_DESTROYED",
  "ERR_SOCKET_CLOSED",
  "ERR_STREAM_WRITE_AFTER_END",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "STATEMENT_DEADLINE",
]);

const messages = {
  connection: "The database could not be reached",
  unknown: "The connection to the database was lost before it answered; it is not known whether the change was saved",
  deadline: "The database did not answer in time",
  conflict: "The change ran into another one at the same moment",
  full: "The database cannot store more at the moment",
  readOnly: "The database takes no changes at the moment",
  schema: "The database does not have the schema that this version needs",
  value: "A value is not one that the database can store",
  internal: "The database refused a statement",
} as const;

/**
 * Translates an error of the driver into a MillraceError; the original is its cause. The public sentence never holds SQL or host names.
 * `outcome` says what a lost connection means for the statement that was under way.
 */
export function toMillraceError(error: unknown, outcome: Outcome = "none"): MillraceError {
  if (error instanceof MillraceError) return error;
  const translate = (code: ErrorCode, message: string, options: MillraceErrorOptions = {}): MillraceError =>
    new MillraceError(code, message, { ...options, cause: error });
  const unavailable = (message: string): MillraceError => translate("UNAVAILABLE", message, { retryAfterMs });

  if (isConnectionLoss(error)) {
    if (outcome === "none") return unavailable(isDeadline(error) ? messages.deadline : messages.connection);
    return translate("UNAVAILABLE", messages.unknown, { retryAfterMs, extensions: { outcome: "unknown" } });
  }
  const state = sqlState(error) ?? "";
  if (state === "57014" || state === "55P03" || state === "25P04") return unavailable(messages.deadline);
  if (isConflict(error)) return unavailable(messages.conflict);
  // A server that has become a replica: a fail-over is under way.
  if (state === "25006") return unavailable(messages.readOnly);
  if (state.startsWith("53")) return unavailable(messages.full);
  // A table, schema or function that is not there: the migrations have not run, or another version's have.
  if (["42P01", "3F000", "42883"].includes(state)) return unavailable(messages.schema);
  if (["22P05", "22021", "22P02", "22003", "22008", "54000", "54001"].includes(state)) {
    return translate("VALIDATION_FAILED", messages.value);
  }
  return translate("INTERNAL", messages.internal);
}

/** The SQLSTATE of an error or of its cause, if PostgreSQL sent one. */
export function sqlState(error: unknown): string | undefined {
  const refusal = findRefusal(error);
  return refusal && codeOf(refusal);
}

/** What PostgreSQL sent, of an error or of its cause. */
function findRefusal(error: unknown): Error | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (codeOf(at) !== undefined && "severity" in at) return at;
  }
  return undefined;
}

/** True when the statement's answer was lost after it was sent: its change may or may not be there. */
export function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof MillraceError && error.extensions["outcome"] === "unknown";
}

/** True for deadlocks, serialization failures and rows whose partition was just made: PostgreSQL undid the work, and doing it again can succeed. */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === "40001" || state === "40P01" || (state === "23514" && isMisrouted(error));
}

/**
 * True when a row was on its way to the default partition while its own was made there and then. Constraints that somebody declared, and
 * a table without a partition for a row, have the same SQLSTATE: they stay as they are however often one tries.
 */
function isMisrouted(error: unknown): boolean {
  const refusal = findRefusal(error);
  return refusal !== undefined && "routine" in refusal && refusal.routine === "ExecPartitionCheckEmitError";
}

/** True when somebody else held a lock for too long: PostgreSQL undid the work, and whoever wants something else need not wait. */
export function isLocked(error: unknown): boolean {
  return sqlState(error) === "55P03";
}

/** True when the error means that the connection cannot be used any more. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined)
    return state.startsWith("08") || state.startsWith("57P") || state === "53300" || state === "25P03";
  return error instanceof Error && connectionCodes.has(codeOf(error) ?? "");
}

/** True when a deadline of ours cut the connection: the server may be slow, or the network may have swallowed everything. */
function isDeadline(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === "STATEMENT_DEADLINE";
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
