import { type SnoozeRequest, snoozeRequestSchema } from "@millrace/contract";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { LeaseCtx } from "./context.ts";
import { countSettled } from "./count-settled.ts";
import { type LeaseAnswer, writeItems } from "./items.ts";

/** Puts jobs whose leases are held back until their delays have passed, the attempts given back. @throws FORBIDDEN, VALIDATION_FAILED, UNAVAILABLE */
export async function snoozeJobs(ctx: LeaseCtx, input: SnoozeRequest): Promise<LeaseAnswer> {
  requireScope(ctx, "jobs:work");
  const { items } = parse(snoozeRequestSchema, input);
  const answer = await writeItems(ctx, items, (item) => item, ctx.store.snoozeJobs);
  return countSettled(ctx, answer, () => "snoozed");
}
