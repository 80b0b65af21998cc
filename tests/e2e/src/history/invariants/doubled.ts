import type { Violation } from "../check-history.ts";
import type { JobHistory } from "../history.ts";

/** A claim is given out once and runs once; attempts are numbered anew for each, but for those that were given back. */
export function findDoubled({ jobId, claimed, started, settled }: JobHistory): readonly Violation[] {
  const details: string[] = [];
  const claims = repeated(claimed.map(({ fence }) => fence));
  const runs = repeated(started.map(({ fence }) => fence));
  if (claims.length > 0) details.push(`given out twice under fence ${claims.join(", ")}`);
  if (runs.length > 0) details.push(`a handler ran twice under fence ${runs.join(", ")}`);
  const isGivenBack = settled.some(({ verb, ok }) => ok !== false && (verb === "snooze" || verb === "release"));
  const attempts = new Map([...claimed, ...started].map(({ fence, attempt }) => [fence, attempt]));
  const shared = repeated([...attempts.values()]);
  if (!isGivenBack && shared.length > 0) details.push(`two claims were attempt ${shared.join(", ")}`);
  return details.map((detail) => ({ invariant: "doubled", jobId, detail }));
}

function repeated(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers.filter((number, index) => numbers.indexOf(number) !== index))];
}
