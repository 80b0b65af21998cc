import { type CompleteRequest, MillraceError, completeRequestSchema, limits } from "@millrace/contract";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { LeaseCtx } from "./context.ts";
import { type LeaseAnswer, storedValue, writeItems } from "./items.ts";

/**
 * Completes jobs whose leases are held. The same token with the same result again is answered as it was; no result and null are the same.
 * @throws FORBIDDEN, VALIDATION_FAILED, UNAVAILABLE
 */
export async function completeJobs(ctx: LeaseCtx, input: CompleteRequest): Promise<LeaseAnswer> {
  requireScope(ctx, "jobs:work");
  const { items } = parse(completeRequestSchema, input);
  return writeItems(
    ctx,
    items,
    ({ leaseToken, result = null }, index) => {
      if (result === null) return { leaseToken, result: null };
      const text = storedValue(result, limits.resultBytesMax, `items.${index}.result`);
      return text instanceof MillraceError ? text : { leaseToken, result: text };
    },
    ctx.store.completeJobs,
  );
}
