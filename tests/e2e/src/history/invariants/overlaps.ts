import type { Violation } from "../check-history.ts";
import { type JobHistory, holdsOf } from "../history.ts";

/** One valid lease of a job at a time. */
export function findOverlaps(job: JobHistory): readonly Violation[] {
  const holds = holdsOf(job).toSorted((a, b) => a.fromMs - b.fromMs);
  return holds.flatMap((hold, index) => {
    const other = holds.slice(0, index).find(({ untilMs }) => untilMs > hold.fromMs);
    if (other === undefined) return [];
    const forMs = Math.min(other.untilMs, hold.untilMs) - hold.fromMs;
    const detail = `held under fence ${other.fence} and under fence ${hold.fence} for ${Math.ceil(forMs)} ms`;
    return [{ invariant: "overlap", jobId: job.jobId, detail } satisfies Violation];
  });
}
