import {
  type IngestResponse,
  MillraceError,
  type ReplayDeadLetterRequest,
  replayDeadLetterRequestSchema,
} from "@millrace/contract";

import { audit } from "../../audit/audit.ts";
import { requireScope } from "../../context.ts";
import { isoTime } from "../../iso-time.ts";
import { parse } from "../../parse.ts";
import { answerWhenVisible } from "../await-visibility.ts";
import type { IngestCtx } from "../context.ts";
import { findTarget } from "../find-target.ts";
import { ingestRecords } from "../ingest-records.ts";
import { parseExactJson } from "../parse-json.ts";
import { createTally } from "../tally.ts";
import { type DeadLetterCtx, visibleDeadLetter } from "./context.ts";

export interface ReplayDeadLetterInput {
  readonly id: string;
  readonly request: ReplayDeadLetterRequest;
}

/**
 * Sends a dead letter in again, as it was or with a corrected payload. Its key is `replay:<id>`, so that however often it is replayed it is in its table once;
 * a second correction is refused.
 * @throws FORBIDDEN, NOT_FOUND, INVALID_STATE once its table is dropped, SCHEMA_MISMATCH, IDEMPOTENCY_KEY_REUSED, RATE_LIMITED, UNAVAILABLE
 */
export async function replayDeadLetter(
  ctx: IngestCtx & DeadLetterCtx,
  { id, request }: ReplayDeadLetterInput,
): Promise<IngestResponse> {
  requireScope(ctx, "ops:admin");
  const { payload } = parse(replayDeadLetterRequestSchema, request);
  const letter = await visibleDeadLetter(ctx, id);
  if (letter.table === null) throw new MillraceError("INVALID_STATE", "The table of this dead letter is dropped.");
  const target = await findTarget(ctx, letter.table);
  const { tenantNo } = target.table;
  await ctx.desk.admit(tenantNo);
  const tally = createTally(ctx.actor.tenantId);
  const record = {
    idempotencyKey: `replay:${id}`,
    op: letter.op,
    payload: payload ?? parseExactJson(letter.payload),
    ...(letter.eventTime === null ? {} : { eventTime: isoTime(letter.eventTime) }),
  };
  await ingestRecords(ctx, target, [{ index: 0, record }], { tally });
  const { errors } = tally.toJson();
  const [first] = errors;
  if (first !== undefined) {
    const isReused = first.code === "IDEMPOTENCY_KEY_REUSED";
    throw new MillraceError(
      isReused ? "IDEMPOTENCY_KEY_REUSED" : "SCHEMA_MISMATCH",
      isReused ? "This dead letter was replayed with another payload." : "The record does not fit its table.",
      { errors },
    );
  }
  await ctx.deadLetters.markReplayed({ tenantId: ctx.actor.tenantId, id });
  await audit(ctx, { action: "deadLetter.replay", target: id, detail: { table: letter.table, offset: tally.offset } });
  return answerWhenVisible(ctx, tenantNo, tally, {});
}
