import type { Job } from "@millrace/storage";
import { childTraceparent, isTracing, newTraceparent, parseTraceparent, type TraceInput } from "@millrace/telemetry";

/** The trace that a job's handler runs in: that of the attempt's span, or without one the trace that the job was enqueued in. */
export function traceOf(job: Pick<Job, "traceId" | "traceparent">, attempt: string | undefined): TraceInput {
  const traceparent = attempt ?? childTraceparent(job.traceparent ?? nobodys());
  return { traceId: job.traceId ?? parseTraceparent(traceparent)?.traceId ?? "", traceparent };
}

/** Of a job that came without a trace. Where spans are recorded there is none of it, so what it calls shall not hang below one. */
function nobodys(): string {
  return isTracing() ? newTraceparent({ sampled: false }) : "";
}
