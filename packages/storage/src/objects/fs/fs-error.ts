import { MillraceError } from "@millrace/contract";

const retryAfterMs = 1_000;

/** Set up wrong, so that trying again is no use before somebody has changed something. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: "this process may not use it",
  EPERM: "it refuses what this process does; it must be a file system with hard links",
  EROFS: "it is read-only",
  ENOENT: "it isn't there",
  ENOTDIR: "a file is in the place of a folder",
  EISDIR: "a folder is in the place of a file",
  ENAMETOOLONG: "its path is too long",
  ENOTSUP: "it must be a file system with hard links",
  EMLINK: "it must be a file system with hard links",
  EXDEV: "it must be one file system",
};

/** The code of an error of the system, such as ENOENT. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** An error of the file system, at work in a folder, as those above the store see it. */
export function fsError(folder: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  const code = errorCode(error) ?? "";
  const reason = reasons[code];
  if (reason !== undefined) {
    return new MillraceError("INTERNAL", `The folder ${folder} can't be used for objects: ${reason}`, {
      cause: error,
    });
  }
  return new MillraceError("UNAVAILABLE", `The folder ${folder} of objects failed (${code || "no code"})`, {
    cause: error,
    retryAfterMs,
  });
}
