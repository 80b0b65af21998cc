import { setTimeout } from "node:timers/promises";

import { type IngestResponse, MillraceError, isMillraceError } from "@millrace/contract";

import { requireScope } from "../context.ts";
import { tableNotFound } from "../tables/context.ts";
import { type WaitRequest, answerWhenVisible, requireVisibility } from "./await-visibility.ts";
import type { IngestCtx, IngestTarget } from "./context.ts";
import { findTarget } from "./find-target.ts";
import { type SentChunk, checkRecords } from "./ingest-records.ts";
import { type Tally, createTally } from "./tally.ts";

export interface IngestStreamInput extends WaitRequest {
  readonly table: string;
  /** Asked for the next part only when there is room for it. */
  readonly chunks: () => AsyncIterable<SentChunk>;
}

/** How long an upload is held back where a single request would be refused: it has begun, and its sender waits anyway. */
const patienceMs = 30_000;
const lookAgainMs = 250;
/** Lines in parts without one that is in order: the upload is no NDJSON, or is for another table, and goes on for nothing. */
const refusedInARowMax = 10_000;
/** Parts of an upload that have spans: those tell how it goes, and an upload has no end. */
const tracedPartsMax = 64;

/**
 * Takes in records without end, part by part; what is held in memory doesn't grow with them. What was accepted before a failure stays, and the error says how much that is:
 * the same again, with the same keys, does no harm.
 * @throws FORBIDDEN, TABLE_NOT_FOUND, INVALID_STATE for a table of the system, VALIDATION_FAILED, RATE_LIMITED, UNAVAILABLE, and whatever `chunks` throws
 */
export async function ingestStream(ctx: IngestCtx, input: IngestStreamInput): Promise<IngestResponse> {
  requireScope(ctx, "events:write");
  let target = await findTarget(ctx, input.table);
  requireVisibility(ctx, input);
  const { tenantNo } = target.table;
  await ctx.desk.admit(tenantNo);
  const tally = createTally(ctx.actor.tenantId);
  // Offsets rise with line numbers: a part is read and checked while the one before it is published, and published after it.
  let publishing: Promise<void> = Promise.resolve();
  let refusedInARow = 0;
  let parts = 0;
  try {
    for await (const chunk of input.chunks()) {
      await admitPatiently(ctx, tenantNo);
      target = await refreshed(ctx, target);
      const checked = await checkRecords(ctx, target, chunk.records, { tally });
      target = checked.target;
      refusedInARow = checked.passedCount === 0 ? refusedInARow + chunk.records.length : 0;
      if (refusedInARow >= refusedInARowMax) throw onlyRefused(tally);
      await publishing;
      publishing = checked.publish({ traced: ++parts <= tracedPartsMax }).finally(chunk.release);
      // What it rejects with is for the next part, or the end, to find.
      publishing.catch(() => undefined);
    }
    await publishing;
  } catch (error) {
    await publishing.catch(() => undefined);
    throw withTally(error, tally);
  }
  return answerWhenVisible(ctx, tenantNo, tally, input);
}

/** The table may be changed during a long upload; dropped, it takes no more, and another one of its name is not meant. @throws TABLE_NOT_FOUND */
async function refreshed(ctx: IngestCtx, target: IngestTarget): Promise<IngestTarget> {
  const now = await findTarget(ctx, target.table.name);
  if (now.table.tableId !== target.table.tableId) throw tableNotFound(target.table.name);
  return now.table.version < target.table.version ? target : now;
}

async function admitPatiently(ctx: IngestCtx, tenantNo: number): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    try {
      await ctx.desk.admit(tenantNo);
      return;
    } catch (error) {
      if (!isMillraceError(error, "RATE_LIMITED") || performance.now() > deadlineMs) throw error;
      await setTimeout(lookAgainMs, undefined, { signal: ctx.signal });
    }
  }
}

function onlyRefused(tally: Tally): MillraceError {
  const [first] = tally.toJson().errors;
  const example =
    first === undefined ? "" : ` Line ${first.index} was: ${[first.path, first.message].filter(Boolean).join(": ")}`;
  const message = `${refusedInARowMax} lines in a row were refused, so the rest was not looked at.${example}`;
  return new MillraceError("VALIDATION_FAILED", message);
}

/** The error with what became of the records before it. */
function withTally(error: unknown, tally: Tally): unknown {
  if (!isMillraceError(error)) return error;
  const { errors, ...counts } = tally.toJson();
  const options = {
    cause: error.cause,
    errors: error.errors.length > 0 ? error.errors : errors,
    extensions: { ...error.extensions, ...counts },
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
  const message = `${error.message} What was accepted before stays; send all of it again with the same keys.`;
  return new MillraceError(error.code, message, options);
}
