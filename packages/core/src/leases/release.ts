import { type ReleaseRequest, releaseRequestSchema } from "@millrace/contract";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { LeaseCtx } from "./context.ts";
import { countSettled } from "./count-settled.ts";
import { type LeaseAnswer, writeItems } from "./items.ts";

/** Hands jobs whose leases are held back at once, the attempts given back. @throws FORBIDDEN, VALIDATION_FAILED, UNAVAILABLE */
export async function releaseJobs(ctx: LeaseCtx, input: ReleaseRequest): Promise<LeaseAnswer> {
  requireScope(ctx, "jobs:work");
  const { items } = parse(releaseRequestSchema, input);
  const answer = await writeItems(ctx, items, (item) => item, ctx.store.releaseJobs);
  return countSettled(ctx, answer, () => "released");
}
