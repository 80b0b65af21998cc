import { type IdGenerator, RandomIdGenerator } from "@opentelemetry/sdk-trace";

import { wantedTraceId } from "../tracing/root-trace-id.ts";

/** Random ids, except for the first span of a trace whose id has been told to its caller already. */
export function createIdGenerator(): IdGenerator {
  const random = new RandomIdGenerator();
  return {
    generateSpanId: () => random.generateSpanId(),
    generateTraceId: () => wantedTraceId() ?? random.generateTraceId(),
  };
}
