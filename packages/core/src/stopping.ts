import { MillraceError } from "@millrace/contract";

/** How soon to ask again, which is then another process. */
const retryAfterMs = 1_000;

/** What a wait is told that would begin while the process stops: it would end at once, and its client would only ask again. */
export function stopping(): MillraceError {
  return new MillraceError("UNAVAILABLE", "The process is stopping; ask again.", { retryAfterMs });
}
