/** Whether a statement acts on one job (`$2` is its id) and answers it whole, or on many (`$2` are their ids) and answers their ids alone. */
export type WhichJobs = "one" | "many";

/** The condition on an id. */
export function isAsked(which: WhichJobs): string {
  return which === "one" ? "= $2::uuid" : "= any($2::uuid[])";
}
