import { type AttemptJson, type ListAttemptsQuery, listAttemptsQuerySchema } from "@millrace/contract";
import type { JobAttempt } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { parse } from "../parse.ts";
import { jobRef, requireVisible } from "./visible.ts";

export interface AttemptList {
  readonly attempts: readonly JobAttempt[];
  readonly nextCursor: string | null;
}

const fencePosition = /^\d{1,10}$/;
/** Fences are integers of four bytes; only a forged cursor can hold more. */
const fenceMax = 2 ** 31 - 1;

/** A page of the attempts at a job, oldest first, the running one included. @throws FORBIDDEN, VALIDATION_FAILED, JOB_NOT_FOUND */
export async function listAttempts(
  ctx: Ctx,
  input: { readonly id: string; readonly query: ListAttemptsQuery },
): Promise<AttemptList> {
  requireScope(ctx, "jobs:read");
  const { limit, cursor } = parse(listAttemptsQuerySchema, input.query);
  const ref = jobRef(ctx, input.id);
  const filter = { list: "attempts", id: ref.id };
  const afterFence =
    cursor === undefined ? undefined : Math.min(fenceMax, Number(decodeCursor(cursor, filter, fencePosition)));
  requireVisible(ctx, await ctx.store.getJob(ref));
  const found = await ctx.store.listAttempts(ref, { afterFence, limit: limit + 1 });
  const attempts = found.slice(0, limit);
  const last = attempts.at(-1);
  const isMore = found.length > limit && last !== undefined;
  return { attempts, nextCursor: isMore ? encodeCursor(String(last.fence), filter) : null };
}

/** An attempt as JSON shows it. */
export function toAttemptJson({ attempt, startedAt, endedAt, worker, outcome, error }: JobAttempt): AttemptJson {
  return {
    attempt,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
    worker,
    outcome,
    ...(error === undefined ? {} : { error }),
  };
}
