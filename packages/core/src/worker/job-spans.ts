import type { Job } from "@millrace/storage";
import { errorType, inSpan, messagingSystem, parseTraceparent, spanAttributes, startSpan } from "@millrace/telemetry";

import type { AttemptEnd } from "./run-attempt.ts";
import type { Settled, Settlement } from "./settlement.ts";

/** The spans of a claimed job: below the one that it was sent in its claim, below that its attempt, and below that the write of its end. */
export interface JobSpans {
  /** Runs the attempt in its span, with the traceparent of that. */
  process(run: (traceparent: string | undefined) => Promise<AttemptEnd>): Promise<AttemptEnd>;
  /** Begins to write the end; what it answers is to be called with what became of it. */
  settle(settlement: Settlement): (settled: Settled) => void;
}

/** A claim that has come back. */
export interface ClaimTimes {
  readonly tookMs: number;
  /** Epoch. */
  readonly endMs: number;
  /** Jobs that it brought. */
  readonly count: number;
}

/** Begins the spans of a job that a claim has brought; undefined where its sender's trace isn't recorded. */
export function startJobSpans(job: Job, { tookMs, endMs, count }: ClaimTimes): JobSpans | undefined {
  const { id, queue, type, tenantId, attempts, traceparent } = job;
  if (traceparent === null || parseTraceparent(traceparent)?.sampled !== true) return undefined;
  const attributesOf = (operation: "receive" | "process" | "settle", name: string = operation) => ({
    [spanAttributes.messagingSystem]: messagingSystem,
    [spanAttributes.messagingOperationName]: name,
    [spanAttributes.messagingOperationType]: operation,
    [spanAttributes.messagingDestinationName]: queue,
    [spanAttributes.messagingMessageId]: id,
    [spanAttributes.millraceTenant]: tenantId,
    [spanAttributes.millraceJobType]: type,
    [spanAttributes.millraceJobAttempt]: attempts,
  });

  const receive = startSpan(`receive ${queue}`, {
    kind: "client",
    parent: traceparent,
    startMs: endMs - tookMs,
    attributes: {
      ...attributesOf("receive"),
      [spanAttributes.messagingBatchMessageCount]: count > 1 ? count : undefined,
    },
  });
  receive.end(endMs);
  let parent = receive.traceparent;

  return {
    process(run) {
      const attributes = attributesOf("process");
      return inSpan(`process ${queue}`, { kind: "consumer", parent, attributes }, async (span) => {
        parent = span.traceparent;
        const end = await run(parent);
        span.set({ [spanAttributes.millraceOutcome]: outcomeOf(end) });
        const failure = failureOf(end);
        if (failure !== undefined) span.fail(failure);
        return end;
      });
    },
    settle(settlement) {
      const attributes = attributesOf("settle", settlement.kind === "complete" ? "ack" : "nack");
      const span = startSpan(`settle ${queue}`, { kind: "client", parent, attributes });
      return (settled) => {
        span.set({ [spanAttributes.millraceOutcome]: settled });
        if (settled === "lost" || settled === "unsaved") span.fail(settled);
        span.end();
      };
    },
  };
}

const outcomes = { complete: "completed", fail: "failed", snooze: "snoozed", release: "released" } as const;

function outcomeOf({ settlement, cause }: AttemptEnd): string {
  if (settlement !== undefined) return outcomes[settlement.kind];
  return cause === "cancelled" ? "cancelled" : "lost";
}

function failureOf({ settlement, cause, error }: AttemptEnd): string | undefined {
  if (cause === "timeout" || cause === "leaseLost") return cause;
  return settlement?.kind === "fail" ? typeOf(error) : undefined;
}

/** Getters of what a handler threw may throw when they are looked at. */
function typeOf(error: unknown): string {
  try {
    return errorType(error);
  } catch {
    return errorType(undefined);
  }
}
