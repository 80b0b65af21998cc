import { MillraceError } from "@millrace/contract";

/** What can stop a migration run, and the exit code that a program answers it with. */
export const migrationExitCodes = {
  /** The migrations folder itself is broken: a file without its pair, a bad name, two statements where one is allowed. */
  invalid: 1,
  /** A version number is missing between two files. */
  gap: 3,
  /** An applied file was edited or renamed since. */
  changed: 3,
  /** A file that is not applied is numbered below one that is. */
  "out-of-order": 3,
  /** The database has a version that this build does not know. */
  unknown: 3,
  /** The tables, indexes or functions are not what the migrations left behind. */
  catalogue: 3,
  /** Another migrator held the lock for the whole waiting time. */
  locked: 4,
  /** A migration was refused by PostgreSQL. */
  failed: 5,
  /** A no-transaction migration was interrupted; `up` runs it again, `down` removes it. */
  unfinished: 5,
  /** Going down would lose data and nobody agreed to that. */
  lossy: 1,
  /** There is no way down. */
  irreversible: 1,
  /** The database did not answer. */
  unreachable: 1,
  /** PostgreSQL is older than the oldest version that the statements are written for. */
  "too-old": 1,
  /** The caller's signal stopped the run between two migrations. */
  aborted: 1,
} as const;

export type MigrationErrorReason = keyof typeof migrationExitCodes;

/** Why a run stopped. Everybody else sees a `MillraceError`: the service is unavailable until the schema is right. */
export class MigrationError extends MillraceError {
  readonly reason: MigrationErrorReason;
  readonly versions: readonly number[];

  constructor(reason: MigrationErrorReason, message: string, versions: readonly number[] = [], cause?: unknown) {
    super("UNAVAILABLE", message, cause === undefined ? {} : { cause });
    this.reason = reason;
    this.versions = versions;
  }

  get exitCode(): number {
    return migrationExitCodes[this.reason];
  }
}

/** What was thrown first, below the errors that others wrapped it in. */
export function rootCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootCause(error.cause) : error;
}

/** PostgreSQL's own words, without a full stop; the sentences of the errors around them leave them out. */
export function rootMessage(error: unknown): string {
  const root = rootCause(error);
  if (!(root instanceof Error)) return String(root);
  const { message } = root;
  return (message === "" && "code" in root ? String(root.code) : message).replace(/\.$/, "");
}
