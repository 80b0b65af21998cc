import type { Json, MisfirePolicy, RetryPolicy } from "@millrace/contract";

/** The job that a schedule's ticks enqueue, its queue and type aside. */
export interface ScheduledJobFields {
  readonly payload: Json;
  readonly priority: number;
  readonly maxAttempts: number;
  readonly retry?: RetryPolicy | undefined;
  readonly timeoutMs?: number | undefined;
  readonly concurrencyKey?: string | undefined;
  /** The schedule's own tag is added when a tick fires. */
  readonly tags: readonly string[];
}

/** What is said of a schedule, as opposed to what came of it. */
export interface ScheduleDefinition {
  readonly cron: string;
  readonly timeZone: string;
  readonly misfirePolicy: MisfirePolicy;
  readonly paused: boolean;
  readonly queue: string;
  readonly type: string;
  readonly job: ScheduledJobFields;
}

export interface ScheduleRef {
  readonly tenantId: string;
  readonly name: string;
}

export interface Schedule extends ScheduleRef, ScheduleDefinition {
  /** New with every change of the definition. */
  readonly revision: string;
  /** The tick that is due next; null while paused. */
  readonly nextAt: Date | null;
  /** The last tick that enqueued a job, and that job. */
  readonly lastAt: Date | null;
  readonly lastJobId: string | null;
  /** Why the last tick enqueued nothing, or why the schedule was paused. */
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A definition with its first tick. */
export interface NewSchedule extends ScheduleRef, ScheduleDefinition {
  readonly nextAt: Date | null;
}

export interface ScheduleFilter {
  readonly tenantId: string;
  /** Only schedules of these queues. */
  readonly queues?: readonly string[] | undefined;
  /** 1-500. */
  readonly limit: number;
  /** Schedules behind this name (exclusive): the keyset cursor. */
  readonly afterName?: string | undefined;
}

export interface SchedulePage {
  /** By name. */
  readonly schedules: readonly Schedule[];
  readonly nextAfterName: string | null;
}

/** A schedule with a tick that is due. */
export type DueSchedule = ScheduleRef &
  Pick<Schedule, "cron" | "timeZone" | "misfirePolicy" | "queue" | "revision"> & { readonly nextAt: Date };

export interface DueSchedules {
  /** The database's now. */
  readonly now: Date;
  /** Those whose tick is due, the longest waiting first. */
  readonly due: readonly DueSchedule[];
  /** How long until the next one is due that isn't yet; null when there is none. */
  readonly nextDueInMs: number | null;
}

/** What to do with the ticks that are due of a schedule, decided from what `dueSchedules` answered. */
export interface Firing {
  /** The schedule as it was read: its revision and next tick are the fence. */
  readonly schedule: DueSchedule;
  /** The ticks to enqueue a job for, in order; none when they are only passed over. */
  readonly ticks: readonly Date[];
  /** The tick that is due next. */
  readonly nextAt: Date;
  /** Why ticks are passed over that should have fired. */
  readonly error?: string | undefined;
  /** When it was decided, by the database's clock, and for how long that holds. */
  readonly decidedAt: Date;
  readonly validMs: number;
}

/** Where schedules are kept. Every schedule is addressed by tenant and name. */
export interface ScheduleStore {
  /** The schedule, if there is one, and the database's now. */
  findSchedule(ref: ScheduleRef): Promise<{ readonly now: Date; readonly schedule: Schedule | undefined }>;
  /** Stores a new schedule; undefined when its name is taken. */
  createSchedule(schedule: NewSchedule): Promise<Schedule | undefined>;
  /** Replaces the definition of a schedule that is still as it was read; undefined when it isn't. */
  replaceSchedule(read: Schedule, schedule: NewSchedule): Promise<Schedule | undefined>;
  /** Deletes a schedule, of these queues if given; false when there is none. */
  deleteSchedule(ref: ScheduleRef, queues?: readonly string[]): Promise<boolean>;
  /** By name, by keyset. */
  listSchedules(filter: ScheduleFilter): Promise<SchedulePage>;
  /** At most `limit` schedules with a tick that is due. Takes no lock. */
  dueSchedules(limit: number): Promise<DueSchedules>;
  /**
   * Moves the schedule on and enqueues a job for each of the ticks, in one statement; answers the jobs' ids in the order of the ticks.
   * Undefined, and nothing is changed, when the schedule is no longer as it was read, somebody else is at it, or the decision is too old.
   * @throws QUEUE_FULL, VALIDATION_FAILED for a job that can't be enqueued; nothing is changed either
   */
  fireSchedule(firing: Firing): Promise<readonly string[] | undefined>;
  /** Has nobody look at a schedule for a while, if it is still as it was read: its queue is full. Its tick stays due. */
  postponeSchedule(schedule: DueSchedule, delayMs: number, error: string): Promise<void>;
  /** Pauses a schedule that can't go on, if it is still as it was read. */
  pauseSchedule(schedule: DueSchedule, error: string): Promise<void>;
  /** Tells when a schedule was made or changed, until closed. Never fails: without a connection it tells so. */
  watchSchedules(
    onChange: () => void,
    onState?: (heard: boolean) => void,
  ): Promise<{
    close(): Promise<void>;
  }>;
}
