import type { Violation } from "../check-history.ts";
import type { JobHistory } from "../history.ts";

const terminal = ["completed", "dead", "cancelled"];

/** An acknowledged job is there when all is over, and at an end. */
export function findLost({ jobId, acknowledged, observed }: JobHistory): readonly Violation[] {
  if (acknowledged.length === 0) return [];
  const [job] = observed;
  if (job === undefined) return [{ invariant: "lost", jobId, detail: "acknowledged, and not there in the end" }];
  if (terminal.includes(job.status)) return [];
  return [{ invariant: "lost", jobId, detail: `acknowledged, and ${job.status} in the end` }];
}
