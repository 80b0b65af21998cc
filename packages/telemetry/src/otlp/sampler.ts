import {
  createAlwaysOnSampler,
  createParentBasedSampler,
  createTraceIdRatioBasedSampler,
  type Sampler,
} from "@opentelemetry/sdk-trace";

import type { TracingOptions } from "./start-tracing.ts";

/**
 * What is recorded: all of a trace or nothing of it. New traces by the ratio; those of a caller as it says, but where callers aren't trusted a
 * "recorded" is only kept if the ratio agrees. The ratio looks at the trace id alone, so whoever has the same one decides alike.
 */
export function createSampler(options: Pick<TracingOptions, "sampleRatio" | "trustsCallers">): Sampler {
  const byRatio = createTraceIdRatioBasedSampler(options.sampleRatio);
  return createParentBasedSampler({
    root: byRatio,
    remoteParentSampled: options.trustsCallers ? createAlwaysOnSampler() : byRatio,
  });
}
