import type { JobStatus } from "@millrace/contract";
import type { LabelsOf } from "@millrace/telemetry";

import type { LeaseCtx } from "./context.ts";
import type { LeaseAnswer } from "./items.ts";

type Settled = LabelsOf<"leasesSettledTotal">["outcome"];

/** Counts the attempts that an answer ended, and passes it on. An outcome names neither queue nor type, and is not worth a look-up of them. */
export function countSettled(
  ctx: Pick<LeaseCtx, "metrics">,
  answer: LeaseAnswer,
  settledAs: (status: JobStatus) => Settled,
): LeaseAnswer {
  const counts = new Map<Settled, number>();
  for (const outcome of answer.outcomes) {
    if (!outcome.ok) continue;
    const settled = settledAs(outcome.job.status);
    counts.set(settled, (counts.get(settled) ?? 0) + 1);
  }
  for (const [outcome, count] of counts) ctx.metrics?.leasesSettledTotal.inc({ outcome }, count);
  return answer;
}
