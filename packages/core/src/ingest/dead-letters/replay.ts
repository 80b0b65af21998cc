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

const sentences = {
  VALIDATION_FAILED: "The record is not as it has to be.",
  MALFORMED_JSON: "The record is no JSON.",
  PAYLOAD_TOO_LARGE: "The payload is larger than a record's may be.",
  SCHEMA_MISMATCH: "The record does not fit its table.",
  IDEMPOTENCY_KEY_REUSED: "This dead letter was replayed with another payload.",
} as const;

/**
 * Sends a dead letter in again, as it was or with a corrected payload. Its key is `replay:<id>`, so that however often it is replayed it is in its table once;
 * a second correction is refused.
 * @throws FORBIDDEN, NOT_FOUND, INVALID_STATE once its table is dropped, the code that the record was refused with, RATE_LIMITED, UNAVAILABLE
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
    // Nothing is atomic here, so none is refused for another one's sake.
    const code = first.code === "BATCH_REJECTED" ? "SCHEMA_MISMATCH" : first.code;
    throw new MillraceError(code, sentences[code], { errors });
  }
  await ctx.deadLetters.markReplayed({ tenantId: ctx.actor.tenantId, id });
  await audit(ctx, { action: "deadLetter.replay", target: id, detail: { table: letter.table, offset: tally.offset } });
  return answerWhenVisible(ctx, tenantNo, tally, {});
}
