import { isMillraceError, scheduleLimits } from "@millrace/contract";
import type { DueSchedule, Firing, ScheduleStore } from "@millrace/storage";
import type { Logger, Metrics } from "@millrace/telemetry";

import { jitter } from "../worker/backoff.ts";
import { startLoop } from "../worker/loop.ts";
import { readCron } from "./cron.ts";
import { planTicks } from "./plan-ticks.ts";

export interface TickerOptions {
  readonly schedules: Pick<
    ScheduleStore,
    "dueSchedules" | "fireSchedule" | "postponeSchedule" | "pauseSchedule" | "watchSchedules"
  >;
  readonly logger: Logger;
  readonly metrics?: Pick<Metrics, "jobsEnqueuedTotal"> | undefined;
  /** The database did not answer. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
  /** It did. */
  readonly onSuccess?: (() => void) | undefined;
  /** Jobs were enqueued. */
  readonly onFired?: (() => void) | undefined;
}

/** Fires the ticks of schedules as they become due. */
export interface Ticker {
  /** A schedule was made or changed: learn anew when the next one is due. */
  wake(): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

const schedulesMax = 100;
const ticksMax = 1_000;
/** Less than the grace by far: a tick whose schedule nobody announced is not late. */
const sleepMaxMs = 2_000;
/** Somebody else was at a schedule: by then it is done. */
const againMs = 50;
/** How long to leave a schedule alone whose queue is full. */
const fullPauseMs = 1_000;

/**
 * Starts a ticker. Any number of them may run; each tick is fired by one (see `fireSchedule`), and none depends on another being alive.
 * What a round learns is read without locks and what it decides is a function of what it has read, so it can be frozen anywhere.
 */
export function createTicker(options: TickerOptions): Ticker {
  const { schedules, logger, metrics } = options;

  const loop = startLoop({
    firstDelayMs: 0,
    async step() {
      const waitMs = await round();
      options.onSuccess?.();
      return waitMs;
    },
    onError: (error) => options.onFailure?.(error),
  });
  const watching = schedules.watchSchedules(loop.wake, (heard) => {
    if (heard) loop.wake();
  });

  async function round(): Promise<number> {
    const { now, due, nextDueInMs } = await schedules.dueSchedules(schedulesMax);
    const readMs = performance.now();
    let waitMs = due.length === schedulesMax ? 0 : Math.min(nextDueInMs ?? Number.POSITIVE_INFINITY, sleepMs());
    // In an order of its own, so that several tickers seldom reach for the same schedule.
    for (const schedule of due.toSorted(() => Math.random() - 0.5))
      waitMs = Math.min(waitMs, await settle(schedule, now));
    return Math.max(0, Math.ceil(waitMs - (performance.now() - readMs)));
  }

  /** Does what is due of one schedule; answers how long after `now` to look at it again. One that can't go on must not stop the others. */
  async function settle(schedule: DueSchedule, now: Date): Promise<number> {
    const plan = planOf(schedule, now);
    if ("problem" in plan) {
      logger.error({ ...named(schedule), reason: plan.problem }, "A schedule can't go on and is paused");
      await schedules.pauseSchedule(schedule, plan.problem);
      return Number.POSITIVE_INFINITY;
    }
    const nextAt = await fire({ schedule, ...plan, decidedAt: now, validMs: scheduleLimits.graceMs });
    return nextAt === undefined ? againMs : nextAt.getTime() - now.getTime();
  }

  /** Answers the tick that is due next; undefined when the schedule could not be moved on. */
  async function fire(firing: Firing): Promise<Date | undefined> {
    const { schedule, ticks, nextAt } = firing;
    try {
      const ids = await schedules.fireSchedule(firing);
      if (ids === undefined) return undefined;
      if (ids.length > 0) {
        metrics?.jobsEnqueuedTotal.inc({ queue: schedule.queue, outcome: "created" }, ids.length);
        options.onFired?.();
      }
      return nextAt;
    } catch (error) {
      if (!isMillraceError(error) || error.code === "UNAVAILABLE") throw error;
      const [first, second] = ticks;
      // There may be room for one.
      if (error.code === "QUEUE_FULL" && first !== undefined && second !== undefined) {
        return fire({ ...firing, ticks: [first], nextAt: second });
      }
      if (error.code === "QUEUE_FULL") {
        await schedules.postponeSchedule(schedule, fullPauseMs, error.message);
        return undefined;
      }
      logger.warn({ ...named(schedule), err: error }, "The job of a schedule was refused; its tick is passed over");
      return fire({ ...firing, ticks: [], error: error.message });
    }
  }

  return {
    wake: loop.wake,
    async stop() {
      await Promise.all([loop.stop(), watching.then((subscription) => subscription.close())]);
    },
  };
}

/** What to do at `now`, or why nothing can be done ever. */
function planOf(
  { cron, timeZone, misfirePolicy: policy, nextAt: dueAt }: DueSchedule,
  now: Date,
): { readonly ticks: readonly Date[]; readonly nextAt: Date } | { readonly problem: string } {
  try {
    const times = readCron(cron, timeZone);
    const { ticks, nextAt } = planTicks({
      times,
      policy,
      nextAt: dueAt,
      now,
      graceMs: scheduleLimits.graceMs,
      ticksMax,
    });
    return nextAt === null ? { problem: "It never fires again." } : { ticks, nextAt };
  } catch (error) {
    return { problem: `Its next tick can't be computed: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function named({ tenantId, name }: DueSchedule) {
  return { tenant: tenantId, schedule: name };
}

function sleepMs(): number {
  return jitter(sleepMaxMs * 0.75, 1 / 3);
}
