import type { Logger } from "@millrace/telemetry";

/** Something that can be ended; nothing where it was never there. */
type Part = () => Promise<unknown> | undefined;

/**
 * Ends one stage after the other, the parts of each at once. Every part is tried, whatever becomes of the others: one that fails is told of in the log, and holds
 * nothing open that comes behind it. Rejects only where the log can't be written.
 */
export async function endInTurn(logger: Logger, ...stages: readonly (readonly Part[])[]): Promise<void> {
  for (const parts of stages) {
    const ended = await Promise.allSettled(parts.map(async (end) => end()));
    for (const outcome of ended) {
      if (outcome.status === "rejected") logger.error({ err: outcome.reason }, "A part of the worker failed to end");
    }
  }
  logger.flush();
}
