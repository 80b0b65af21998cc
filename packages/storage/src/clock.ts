import type { Executor, Statement } from "./executor.ts";

/** What time it is in the database, by which leases are counted, without asking it each time. */
export interface DatabaseClock {
  /** Resolves once the time is known. @throws UNAVAILABLE when it never was and the database doesn't answer */
  ready(): Promise<void>;
  /** The database's time; only after `ready`. */
  now(): Date;
}

/** The clock itself, not the start of a transaction. */
const clockStatement: Statement = { name: "clock", text: "select clock_timestamp() as now" };

const refreshMs = 10_000;
/** How far two clocks may run apart, as a share of the time that passes: much more than NTP allows. */
const drift = 1e-3;

interface Measurement {
  /** The database's time at moment 0 of this process's monotonic clock, which nobody sets back. */
  readonly originMs: number;
  readonly atMs: number;
  /** Half of the time that the answer took: the measurement is off by no more. */
  readonly marginMs: number;
}

/** Measures the clock when it is asked for and the last measurement is ten seconds old, beside the work and not before it; never while nobody asks. */
export function createDatabaseClock(db: Executor, now: () => number = () => performance.now()): DatabaseClock {
  let known: Measurement | undefined;
  let measuring: Promise<void> | undefined;

  async function measure(): Promise<void> {
    const startMs = now();
    const [row] = await db.query<{ now: Date }>(clockStatement);
    const atMs = now();
    const marginMs = (atMs - startMs) / 2;
    // A slow answer says less than what was known before, unless that is old.
    if (row === undefined || (known !== undefined && marginMs > known.marginMs + (atMs - known.atMs) * drift)) return;
    known = { originMs: row.now.getTime() + marginMs - atMs, atMs, marginMs };
  }

  return {
    async ready() {
      if (known !== undefined && now() - known.atMs < refreshMs) return;
      measuring ??= measure().finally(() => {
        measuring = undefined;
      });
      if (known === undefined) await measuring;
      else measuring.catch(() => undefined);
    },
    now() {
      if (known === undefined) throw new TypeError("The clock was read before it was ready");
      return new Date(known.originMs + now());
    },
  };
}
