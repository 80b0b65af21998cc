import { MillraceError, type ProgressRequest, limits, progressRequestSchema } from "@millrace/contract";
import type { ProgressItem } from "@millrace/storage";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { LeaseCtx } from "./context.ts";
import { type LeaseAnswer, storedValue, writeItems } from "./items.ts";

/** Replaces the progress of jobs whose leases are held; of several for one lease the last one stays. @throws FORBIDDEN, VALIDATION_FAILED, UNAVAILABLE */
export async function progressJobs(ctx: LeaseCtx, input: ProgressRequest): Promise<LeaseAnswer> {
  requireScope(ctx, "jobs:work");
  const { items } = parse(progressRequestSchema, input);
  return writeItems(
    ctx,
    items,
    ({ leaseToken, progress }, index) => {
      const text = storedValue(progress, limits.progressBytesMax, `items.${index}.progress`);
      return text instanceof MillraceError ? text : { leaseToken, progress: text };
    },
    (written) => ctx.store.progressJobs(withNewest(written)),
  );
}

/** The store takes the first of several items for one lease: each is given what the last one says. */
function withNewest(items: readonly ProgressItem[]): readonly ProgressItem[] {
  const newest = new Map(items.map(({ leaseToken, progress }) => [leaseToken, progress]));
  if (newest.size === items.length) return items;
  return items.map(({ leaseToken, progress }) => ({ leaseToken, progress: newest.get(leaseToken) ?? progress }));
}
