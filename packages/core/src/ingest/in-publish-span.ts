import type { PublishOutcome } from "@millrace/bus";
import type { EventTable } from "@millrace/storage";
import { inSpan, isTracing, messagingSystem, type SpanAttributes, spanAttributes } from "@millrace/telemetry";

/** Publishes events of a request in a span of its own; where nothing is traced it is just `publish`. */
export function inPublishSpan(
  { name, tenantId }: Pick<EventTable, "name" | "tenantId">,
  events: number,
  publish: () => Promise<readonly PublishOutcome[]>,
): Promise<readonly PublishOutcome[]> {
  if (!isTracing() || events === 0) return publish();
  const attributes = {
    [spanAttributes.messagingSystem]: messagingSystem,
    [spanAttributes.messagingOperationName]: "send",
    [spanAttributes.messagingOperationType]: "send",
    [spanAttributes.messagingDestinationName]: name,
    [spanAttributes.messagingBatchMessageCount]: events,
    [spanAttributes.millraceTenant]: tenantId,
    [spanAttributes.millraceTable]: name,
  };
  return inSpan(`send ${name}`, { kind: "producer", attributes }, async (span) => {
    const outcomes = await publish();
    if (span.isRecording) span.set(offsetsOf(outcomes));
    return outcomes;
  });
}

/** The range that the events lie in; others' may lie between. Of what was known already it is where that lies. */
function offsetsOf(outcomes: readonly PublishOutcome[]): SpanAttributes {
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const outcome of outcomes) {
    if (outcome.outcome !== "accepted" && outcome.outcome !== "duplicate") continue;
    first = Math.min(first, outcome.offset);
    last = Math.max(last, outcome.offset);
  }
  return last === 0 ? {} : { [spanAttributes.millraceOffsetFirst]: first, [spanAttributes.millraceOffsetLast]: last };
}
