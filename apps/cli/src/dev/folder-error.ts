import { Refusal } from "../refusal.ts";
import { errorCode } from "./error-code.ts";

/** Turns an error of the file system about the data folder into a sentence; anything else comes back as it is. */
export function explainFolderError(path: string, error: unknown): unknown {
  const elsewhere = "Choose another place: --data-dir <path>.";
  switch (errorCode(error)) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
    // The lock's file can't be opened for writing.
    case "ERR_SQLITE_ERROR":
      return new Refusal(`The data folder ${path} can't be written. ${elsewhere}`, { cause: error });
    case "ENOTDIR":
    case "EEXIST":
      return new Refusal(`The data folder ${path} can't be made: a file is in the way. ${elsewhere}`, { cause: error });
    case "ENOSPC":
    case "EDQUOT":
      return new Refusal(`The disk that holds the data folder ${path} is full. ${elsewhere}`, { cause: error });
    default:
      return error;
  }
}
