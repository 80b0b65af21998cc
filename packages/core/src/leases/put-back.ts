import type { LeaseCtx } from "./context.ts";
import type { LeaseAnswer } from "./items.ts";

/** Lets those who wait in this process look at once for what has been put back, as a notification would. */
export function announcePutBack(ctx: LeaseCtx, answer: LeaseAnswer): LeaseAnswer {
  if (answer.outcomes.some((outcome) => outcome.ok && outcome.job.status === "pending")) {
    ctx.desk.putBack(ctx.actor.tenantId);
  }
  return answer;
}
