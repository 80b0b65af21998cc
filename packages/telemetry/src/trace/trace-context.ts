import { AsyncLocalStorage } from "node:async_hooks";

import { traceparentFor } from "./traceparent.ts";

/** The trace of the request or job that is running. */
export interface Trace {
  /** What log lines, problem documents and the `X-Trace-ID` header show; up to 128 of `[A-Za-z0-9._-]`. */
  readonly traceId: string;
  /** Valid W3C header for whatever is called or enqueued from here. */
  readonly traceparent: string;
  readonly tenant: string | undefined;
}

export interface TraceInput {
  readonly traceId: string;
  /** Default: made from the trace id if that is one of W3C's, else new. */
  readonly traceparent?: string | undefined;
  readonly tenant?: string | undefined;
}

type MutableTenant = Trace & { tenant: string | undefined };

const storage = new AsyncLocalStorage<MutableTenant>();

/** `run` calls `fn`; it and all that it starts, over awaits and timers, sees this trace. */
export const traceContext = {
  run<Result>(trace: TraceInput, fn: () => Result): Result {
    const { traceId, traceparent = traceparentFor(traceId), tenant } = trace;
    return storage.run({ traceId, traceparent, tenant }, fn);
  },

  /** The same with a trace that is made once somebody asks for it: most jobs end before anybody does, and random ids cost more than such a job. */
  runLazily<Result>(make: () => TraceInput, tenant: string, fn: () => Result): Result {
    return storage.run(lazyTrace(make, tenant), fn);
  },
} as const;

function lazyTrace(make: () => TraceInput, tenant: string): MutableTenant {
  let made: TraceInput | undefined;
  const input = () => (made ??= make());
  let traceparent: string | undefined;
  return {
    tenant,
    get traceId() {
      return input().traceId;
    },
    get traceparent() {
      return (traceparent ??= input().traceparent ?? traceparentFor(input().traceId));
    },
  };
}

/** The trace of the running request or job; undefined outside of one. */
export function currentTrace(): Trace | undefined {
  return storage.getStore();
}

/** Names the tenant once it is known, for the whole `run` that is going on; nothing happens outside of one. */
export function setTenant(tenant: string): void {
  // Changed in place: the request has been running before its key was checked, and its first frames log the end of it.
  const trace = storage.getStore();
  if (trace !== undefined) trace.tenant = tenant;
}
