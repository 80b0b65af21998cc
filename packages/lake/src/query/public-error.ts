import { MillraceError } from "@millrace/contract";

import { forbidden, invalid } from "./gate/refusals.ts";
import type { ChildFailure } from "./protocol.ts";
import { systemSchema } from "./views/view-sql.ts";

export interface Secrets {
  /** Every path that a message could have in it. */
  readonly paths: readonly string[];
}

/** What is said of a failure in a child: DuckDB's sentence where it is about the user's SQL, a sentence of ours elsewhere. Never a path. */
export function publicError(sql: string, failure: ChildFailure, secrets: Secrets): MillraceError {
  const cause = new Error(`${failure.type}: ${failure.message}`);
  // DuckDB tells of it under many names: as an internal error where an operator meets it, as invalid input where a function does.
  if (/out of memory|allocation failure|failed to allocate/i.test(cause.message)) {
    return new MillraceError("QUERY_TOO_LARGE", "The query needs more memory than it may have.", { cause });
  }
  switch (failure.type.toLowerCase()) {
    case "permission":
      return forbidden(sql, "The query asks for something outside of its tables.", failure.offset);
    case "io":
      return ioError(failure, cause);
    case "interrupt":
      return new MillraceError("QUERY_TIMEOUT", "The query was stopped.", { cause });
    case "internal":
    case "fatal":
      return new MillraceError("INTERNAL", "The query could not be run.", { cause });
    default:
      return invalid(sql, cleaned(failure.message, secrets), failure.offset);
  }
}

/** The only file that is written is the result; a file that can't be read is our fault, not the query's. */
function ioError(failure: ChildFailure, cause: Error): MillraceError {
  if (/file too large|no space left/i.test(failure.message)) {
    return new MillraceError("RESULT_TOO_LARGE", "The result is larger than a result may be.", { cause });
  }
  return new MillraceError("UNAVAILABLE", "A file of the table could not be read.", { cause });
}

const messageMax = 1_000;

/** The first paragraph of DuckDB's message with our own names put back, or a plain sentence where a path might be in it. */
function cleaned(message: string, { paths }: Secrets): string {
  const first = message.split("\n\nLINE ")[0] ?? "";
  const text = first.replaceAll(`memory.${systemSchema}.`, "system.").replaceAll(systemSchema, "system");
  const tells = paths.some((path) => text.includes(path)) || /read_parquet|allowed_paths|more_rows/.test(text);
  return tells ? "The query is not valid." : text.slice(0, messageMax).trim();
}
