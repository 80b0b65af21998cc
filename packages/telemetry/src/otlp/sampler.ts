import { AlwaysOnSampler, ParentBasedSampler, type Sampler, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace";

import type { TracingOptions } from "./start-tracing.ts";

/**
 * What is recorded: all of a trace or nothing of it. New traces by the ratio; those of a caller as it says, but where callers aren't trusted a
 * "recorded" is only kept if the ratio agrees. The ratio looks at the trace id alone, so whoever has the same one decides alike.
 */
export function createSampler(options: Pick<TracingOptions, "sampleRatio" | "trustsCallers">): Sampler {
  const byRatio = new TraceIdRatioBasedSampler(options.sampleRatio);
  return new ParentBasedSampler({
    root: byRatio,
    remoteParentSampled: options.trustsCallers ? new AlwaysOnSampler() : byRatio,
  });
}
