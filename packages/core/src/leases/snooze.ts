import { type SnoozeRequest, snoozeRequestSchema } from "@millrace/contract";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { LeaseCtx } from "./context.ts";
import { type LeaseAnswer, writeItems } from "./items.ts";

/** Puts jobs whose leases are held back until their delays have passed, the attempts given back. @throws FORBIDDEN, VALIDATION_FAILED, UNAVAILABLE */
export async function snoozeJobs(ctx: LeaseCtx, input: SnoozeRequest): Promise<LeaseAnswer> {
  requireScope(ctx, "jobs:work");
  const { items } = parse(snoozeRequestSchema, input);
  return writeItems(ctx, items, (item) => item, ctx.store.snoozeJobs);
}
