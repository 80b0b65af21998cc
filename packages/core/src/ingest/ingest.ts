import { type IngestRequest, type IngestResponse, MillraceError, ingestEnvelopeSchema } from "@millrace/contract";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { answerWhenVisible, requireVisibility } from "./await-visibility.ts";
import type { IngestCtx } from "./context.ts";
import { findTarget } from "./find-target.ts";
import { ingestRecords } from "./ingest-records.ts";
import { createTally } from "./tally.ts";

export interface IngestInput {
  readonly table: string;
  readonly request: IngestRequest;
  /** Called once the records are published, and held no more. */
  readonly release?: (() => void) | undefined;
}

/**
 * Takes in records for a table. Each has an outcome of its own: accepted, duplicate of what was accepted before, or rejected; resolves once all of it is durable.
 * @throws FORBIDDEN, TABLE_NOT_FOUND, INVALID_STATE for a table of the system, VALIDATION_FAILED, RATE_LIMITED, UNAVAILABLE
 */
export async function ingest(ctx: IngestCtx, { table: name, request, release }: IngestInput): Promise<IngestResponse> {
  requireScope(ctx, "events:write");
  const target = await findTarget(ctx, name);
  const { records, atomic, ...wait } = parse(ingestEnvelopeSchema, request);
  const { recordsMax } = ctx.desk.limits;
  if (records.length > recordsMax) {
    throw new MillraceError("VALIDATION_FAILED", "The request holds too many records.", {
      errors: [{ path: "records", code: "too_big", message: `At most ${recordsMax} records; send more as NDJSON.` }],
    });
  }
  requireVisibility(ctx, wait);
  const { tenantNo } = target.table;
  await ctx.desk.admit(tenantNo);
  const tally = createTally(ctx.actor.tenantId);
  const sent = records.map((record, index) => ({ index, record }));
  await ingestRecords(ctx, target, sent, { tally, atomic });
  release?.();
  // Not awaited here: that would keep the records for as long as it takes.
  return answerWhenVisible(ctx, tenantNo, tally, wait);
}
