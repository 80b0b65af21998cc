import {
  MillraceError,
  type NewLogLineJson,
  type ProgressRequest,
  limits,
  progressRequestSchema,
} from "@millrace/contract";
import type { JobStore, LeaseOutcome, ProgressItem } from "@millrace/storage";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { LeaseCtx } from "./context.ts";
import { type LeaseAnswer, storedValue, writeItems } from "./items.ts";

/** What is to be written of one item: progress, log lines or both. */
interface News {
  readonly leaseToken: string;
  readonly progress: string | undefined;
  readonly logs: readonly NewLogLineJson[] | undefined;
}

/**
 * Replaces the progress of jobs whose leases are held and appends to their logs; of several progresses for one lease the last one stays.
 * @throws FORBIDDEN, VALIDATION_FAILED, UNAVAILABLE
 */
export async function progressJobs(ctx: LeaseCtx, input: ProgressRequest): Promise<LeaseAnswer> {
  requireScope(ctx, "jobs:work");
  const { items } = parse(progressRequestSchema, input);
  return writeItems(
    ctx,
    items,
    ({ leaseToken, progress, logs }): News | MillraceError => {
      if (progress === undefined) return { leaseToken, progress, logs };
      const text = storedValue(progress, limits.progressBytesMax, "progress");
      return text instanceof MillraceError ? text : { leaseToken, progress: text, logs };
    },
    (written) => write(ctx.store, written),
  );
}

/** An item of both kinds is written when both are; each write is fenced on its own. */
async function write(
  store: Pick<JobStore, "progressJobs" | "appendLogs">,
  news: readonly News[],
): Promise<readonly LeaseOutcome[]> {
  const shown = news.flatMap(({ leaseToken, progress }) => (progress === undefined ? [] : [{ leaseToken, progress }]));
  const logged = news.flatMap(({ leaseToken, logs }) => (logs === undefined ? [] : [{ leaseToken, lines: logs }]));
  const [ofShown, ofLogged] = await Promise.all([
    shown.length === 0 ? [] : store.progressJobs(withNewest(shown)),
    logged.length === 0 ? [] : store.appendLogs(logged),
  ]);
  const progressOutcomes = ofShown.values();
  const logOutcomes = ofLogged.values();
  return news.map(({ progress, logs }): LeaseOutcome => {
    const one = progress === undefined ? undefined : progressOutcomes.next().value;
    const other = logs === undefined ? undefined : logOutcomes.next().value;
    const outcome = one?.ok === false ? one : (other ?? one);
    return outcome ?? { ok: false, reason: "lost", status: null };
  });
}

/** The store takes the first of several items for one lease: each is given what the last one says. */
function withNewest(items: readonly ProgressItem[]): readonly ProgressItem[] {
  const newest = new Map(items.map(({ leaseToken, progress }) => [leaseToken, progress]));
  if (newest.size === items.length) return items;
  return items.map(({ leaseToken, progress }) => ({ leaseToken, progress: newest.get(leaseToken) ?? progress }));
}
