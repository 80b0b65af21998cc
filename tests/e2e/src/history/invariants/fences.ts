import type { Violation } from "../check-history.ts";
import type { JobHistory } from "../history.ts";

/** A claim that was asked for after another was answered has a higher fence. */
export function findFenceFaults({ jobId, claimed }: JobHistory): readonly Violation[] {
  return claimed.flatMap((later, index) => {
    const earlier = claimed.slice(0, index).find((claim) => claim.atMs < later.fromMs && claim.fence >= later.fence);
    if (earlier === undefined) return [];
    const detail = `fence ${later.fence} was given to ${later.worker} after ${earlier.worker} had ${earlier.fence}`;
    return [{ invariant: "fence", jobId, detail } satisfies Violation];
  });
}
