let wanted: string | undefined;

/** Runs `fn`, which begins a trace: it gets this id. Our own provider heeds it, that of an app around makes an id. */
export function withRootTraceId<Result>(traceId: string, fn: () => Result): Result {
  wanted = traceId;
  try {
    return fn();
  } finally {
    wanted = undefined;
  }
}

/** The trace id that was asked for, while `withRootTraceId` runs. */
export function wantedTraceId(): string | undefined {
  return wanted;
}
