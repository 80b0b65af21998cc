import { MillraceError } from "@millrace/contract";

export interface Deadline {
  /** Fires at the deadline with QUERY_TIMEOUT, and when the given signal does, with its reason. */
  readonly signal: AbortSignal;
  end(): void;
}

/** Starts a query's time: waiting for a turn counts. */
export function startDeadline(timeoutMs: number, signal: AbortSignal | undefined): Deadline {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new MillraceError("QUERY_TIMEOUT", `The query did not end within ${timeoutMs} ms.`));
  }, timeoutMs);
  return {
    signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
    end: () => clearTimeout(timer),
  };
}
