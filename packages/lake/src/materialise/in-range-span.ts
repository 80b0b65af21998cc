import type { RangeClaim } from "@millrace/bus";
import { inSpan, isTracing, messagingSystem, spanAttributes } from "@millrace/telemetry";

/** Where a range went: into a snapshot, or nowhere since somebody else has it. */
export type RangeOutcome = "published" | "lost";

const log = "events";

/** Writes a range of the log in a span that begins with its claim, `tookMs` ago; where nothing is traced it is just `write`. */
export function inRangeSpan(
  { tenantId, from, to, events }: RangeClaim,
  tookMs: number,
  write: () => Promise<RangeOutcome>,
): Promise<RangeOutcome> {
  if (!isTracing()) return write();
  const attributes = {
    [spanAttributes.messagingSystem]: messagingSystem,
    [spanAttributes.messagingOperationName]: "process",
    [spanAttributes.messagingOperationType]: "process",
    [spanAttributes.messagingDestinationName]: log,
    [spanAttributes.messagingBatchMessageCount]: events.length,
    [spanAttributes.millraceTenant]: tenantId,
    [spanAttributes.millraceOffsetFirst]: from + 1,
    [spanAttributes.millraceOffsetLast]: to,
  };
  const startMs = Date.now() - tookMs;
  return inSpan(`process ${log}`, { kind: "consumer", startMs, attributes }, async (span) => {
    const outcome = await write();
    span.set({ [spanAttributes.millraceOutcome]: outcome });
    if (outcome === "lost") span.fail("leaseLost");
    return outcome;
  });
}
