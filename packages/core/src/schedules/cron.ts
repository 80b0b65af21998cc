import { Cron } from "croner";

/** The moments that a cron expression names in a time zone. */
export interface CronTimes {
  /** The first moment after `at`; null when there is none. */
  after(at: Date): Date | null;
  /** The last moment up to and including `at`; null when there is none. */
  upTo(at: Date): Date | null;
  /** The next `count` moments after `at`. */
  next(count: number, at: Date): readonly Date[];
}

const rememberedMax = 1_000;
const remembered = new Map<string, CronTimes>();

/**
 * Reads a cron expression of 5 or 6 fields, or a name such as `@daily`, in an IANA time zone. When clocks go forward, a time of day that
 * doesn't exist is moved to the first one that does; when they go back, a time of day that comes twice counts once, the first time.
 * Expressions with `*` or a step in seconds, minutes or hours are intervals instead, and go on through both in real time.
 * @throws TypeError or RangeError for what is no such expression or zone
 */
export function readCron(cron: string, timeZone: string): CronTimes {
  const key = `${timeZone} ${cron}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  requireTimeZone(timeZone);
  const times = timesOf(parseCron(cron, timeZone));
  if (remembered.size >= rememberedMax) remembered.clear();
  remembered.set(key, times);
  return times;
}

/** Why this is no cron expression, or names no moment; undefined when it is one. */
export function cronProblem(cron: string): { readonly code: string; readonly message: string } | undefined {
  let parsed: Cron;
  try {
    parsed = parseCron(cron, "UTC");
  } catch (error) {
    return { code: "invalid_cron", message: `${expectation}: ${reasonOf(error)}.` };
  }
  if (parsed.nextRun() !== null) return undefined;
  return { code: "never_fires", message: "It never fires: no date has this day in this month." };
}

/** Why this is no time zone; undefined when it is one. */
export function timeZoneProblem(timeZone: string): { readonly code: string; readonly message: string } | undefined {
  try {
    requireTimeZone(timeZone);
    return undefined;
  } catch {
    return { code: "unknown_time_zone", message: "Give an IANA time zone, such as Europe/Berlin or UTC." };
  }
}

const expectation =
  "Give 5 fields (minute, hour, day of month, month, day of week), 6 with seconds first, or a name such as @daily";

function parseCron(cron: string, timezone: string): Cron {
  const fields = cron.trim().split(/\s+/).length;
  // The library would also take a date, and seven fields.
  if (fields !== 5 && fields !== 6 && !/^@[a-z]+$/i.test(cron)) {
    throw new TypeError(`it has ${fields} ${fields === 1 ? "field" : "fields"}`);
  }
  return new Cron(cron, { timezone, paused: true, mode: "5-or-6-parts", fixedTimeRule: "no-wildcard" });
}

function timesOf(cron: Cron): CronTimes {
  return {
    after: (at) => cron.nextRun(at),
    // The library looks for moments before, and counts whole seconds.
    upTo: (at) => cron.previousRuns(1, new Date(at.getTime() + 1))[0] ?? null,
    next: (count, at) => cron.nextRuns(count, at),
  };
}

/** An offset such as `+02:00` is no zone: it knows nothing of summer. */
function requireTimeZone(timeZone: string): void {
  if (!/^[a-z]/i.test(timeZone)) throw new RangeError(`${timeZone} is no IANA time zone`);
  Intl.DateTimeFormat("en", { timeZone });
}

/** What the library says, as the end of a sentence. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message.replace(/^Cron\w+: /, "") : "it can't be read";
  return (text.charAt(0).toLowerCase() + text.slice(1)).replace(/\.$/, "");
}
