import { type CompleteRequest, MillraceError, completeRequestSchema, limits } from "@millrace/contract";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { LeaseCtx } from "./context.ts";
import { countSettled } from "./count-settled.ts";
import { type LeaseAnswer, storedValue, writeItems } from "./items.ts";

/**
 * Completes jobs whose leases are held. The same token with the same result again is answered as it was; no result and null are the same.
 * @throws FORBIDDEN, VALIDATION_FAILED, UNAVAILABLE
 */
export async function completeJobs(ctx: LeaseCtx, input: CompleteRequest): Promise<LeaseAnswer> {
  requireScope(ctx, "jobs:work");
  const { items } = parse(completeRequestSchema, input);
  const answer = await writeItems(
    ctx,
    items,
    ({ leaseToken, result = null }) => {
      if (result === null) return { leaseToken, result: null };
      const text = storedValue(result, limits.resultBytesMax, "result");
      return text instanceof MillraceError ? text : { leaseToken, result: text };
    },
    ctx.store.completeJobs,
  );
  return countSettled(ctx, answer, () => "completed");
}
