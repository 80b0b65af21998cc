import type { MisfirePolicy } from "@millrace/contract";

import type { CronTimes } from "./cron.ts";

export interface PlanInput {
  readonly times: CronTimes;
  readonly policy: MisfirePolicy;
  /** The tick that is due. */
  readonly nextAt: Date;
  /** The database's now, which is not before `nextAt`. */
  readonly now: Date;
  /** A tick that is older than this is late. */
  readonly graceMs: number;
  /** Most ticks to fire at once. */
  readonly ticksMax: number;
}

export interface TickPlan {
  /** The ticks to enqueue a job for, in order. */
  readonly ticks: readonly Date[];
  /** The tick that is due next; null when there never is one. */
  readonly nextAt: Date | null;
}

/**
 * Decides about all ticks from `nextAt` to `now`. Those that are on time fire. Late ones: `skip` forgets them, `once` fires the last of them,
 * `all` fires each, at most `ticksMax` now and the others in the next rounds.
 */
export function planTicks({ times, policy, nextAt, now, graceMs, ticksMax }: PlanInput): TickPlan {
  const onTimeFrom = new Date(now.getTime() - graceMs);
  const isLate = nextAt < onTimeFrom;
  const ticks: Date[] = [];
  let tick: Date | null = nextAt;
  if (isLate && policy !== "all") {
    const justBefore = new Date(onTimeFrom.getTime() - 1);
    if (policy === "once") ticks.push(latest(nextAt, times.upTo(justBefore)));
    tick = times.after(justBefore);
  }
  while (tick !== null && tick <= now && ticks.length < ticksMax) {
    ticks.push(tick);
    tick = times.after(tick);
  }
  return { ticks, nextAt: tick };
}

/** The due tick may be one that the expression doesn't name by now: time zones change their rules. */
function latest(at: Date, other: Date | null): Date {
  return other !== null && other > at ? other : at;
}
