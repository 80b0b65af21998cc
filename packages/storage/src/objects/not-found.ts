import { MillraceError } from "@millrace/contract";

/** What is thrown where an object is wanted that isn't there. */
export function objectNotFound(path: string, cause?: unknown): MillraceError {
  return new MillraceError("NOT_FOUND", `There is no object ${path}`, { cause });
}
