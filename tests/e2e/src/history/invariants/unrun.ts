import type { Violation } from "../check-history.ts";
import type { JobHistory } from "../history.ts";

/** A handler ran for each attempt that is counted. */
export function findUnrun({ jobId, claimed, started, observed }: JobHistory): readonly Violation[] {
  const [job] = observed;
  const runs = new Set([...claimed, ...started].map(({ fence }) => fence)).size;
  if (job === undefined || job.attempts === runs) return [];
  return [{ invariant: "unrun", jobId, detail: `${job.attempts} attempts counted, ${runs} ran` }];
}
