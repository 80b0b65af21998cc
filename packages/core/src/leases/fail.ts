import { type FailRequest, failRequestSchema } from "@millrace/contract";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { LeaseCtx } from "./context.ts";
import { countSettled } from "./count-settled.ts";
import { type LeaseAnswer, writeItems } from "./items.ts";

/** Fails attempts whose leases are held: back to pending after the retry delay, or dead. @throws FORBIDDEN, VALIDATION_FAILED, UNAVAILABLE */
export async function failJobs(ctx: LeaseCtx, input: FailRequest): Promise<LeaseAnswer> {
  requireScope(ctx, "jobs:work");
  const { items } = parse(failRequestSchema, input);
  const answer = await writeItems(ctx, items, (item) => item, ctx.store.failJobs);
  return countSettled(ctx, answer, (status) => (status === "dead" ? "dead" : "retried"));
}
