import { MillraceError } from "@millrace/contract";

/** What is thrown where an object is to be stored under the path of another. */
export function objectExists(path: string, cause?: unknown): MillraceError {
  return new MillraceError("ALREADY_EXISTS", `There is an object ${path} already`, { cause });
}
