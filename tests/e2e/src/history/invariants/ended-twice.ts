import type { Violation } from "../check-history.ts";
import type { JobHistory } from "../history.ts";

/** A job that is at an end stays there: one end is confirmed, the one that is seen later, and nobody gets the job after it. */
export function findEndedTwice({ jobId, claimed, started, settled, observed }: JobHistory): readonly Violation[] {
  const ends = settled.filter(({ ok, status }) => ok === true && (status === "completed" || status === "dead"));
  const [first] = ends;
  const details: string[] = [];
  const fences = new Set(ends.map(({ fence }) => fence));
  if (fences.size > 1) details.push(`ends confirmed under the fences ${[...fences].join(" and ")}`);
  const shown = new Set([...(first === undefined ? [] : [first.status]), ...observed.map(({ status }) => status)]);
  if (shown.size > 1) details.push(`seen as ${[...shown].join(" and ")}`);
  const isGivenAgain = first !== undefined && [...claimed, ...started].some(({ fence }) => fence > first.fence);
  if (isGivenAgain) details.push(`given to a worker after it was ${first.status}`);
  return details.map((detail) => ({ invariant: "ended twice", jobId, detail }));
}
