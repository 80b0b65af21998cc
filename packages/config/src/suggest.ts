import { closest, distance } from "fastest-levenshtein";

/** The candidate that was most likely meant, or undefined where none is near enough to be worth naming. */
export function suggest(given: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const lower = given.toLowerCase();
  const best = closest(
    lower,
    candidates.map((candidate) => candidate.toLowerCase()),
  );
  const edits = distance(lower, best);
  const isNear = edits < lower.length && edits <= Math.max(2, Math.floor(lower.length / 4));
  return isNear ? candidates.find((candidate) => candidate.toLowerCase() === best) : undefined;
}

/** Ends a hint: `did you mean server.port?` */
export function didYouMean(suggestion: string | undefined): { hint?: string } {
  return suggestion === undefined ? {} : { hint: `did you mean ${suggestion}?` };
}
