import type { Executor, Statement } from "../executor.ts";
import type { Lane } from "./wakeup.ts";

/** How many keys one call looks at. */
const keysMax = 500;

/** The function holds the argument why it is strict (migration 0003): it alone counts slots, one caller a key at a time. */
const admitStatement: Statement = {
  name: "jobs.admit",
  text: `select a.keys, a.lanes from millrace.admit($1::integer) a`,
};

export interface Admitted {
  /** How many keys were got on with; with none, what is left waits for somebody else's transaction. */
  readonly keys: number;
  /** The lanes that got jobs. */
  readonly lanes: readonly Lane[];
}

/** Lets held jobs in where their concurrency keys have free slots, for a bounded number of keys and jobs. */
async function admit(db: Executor): Promise<Admitted> {
  const [row] = await db.query<{ keys: number; lanes: readonly Lane[] | null }>(admitStatement, [keysMax]);
  return { keys: row?.keys ?? 0, lanes: row?.lanes ?? [] };
}

export interface Admission {
  /** There may be jobs to let in: soon, and once for all who ask meanwhile. */
  request(): void;
  /** Lets jobs in, and answers how many keys were looked at when there is nothing left that can be got on with. */
  run(): Promise<number>;
  /** Resolves when nothing requested is under way. */
  idle(): Promise<void>;
}

/**
 * Runs admission one call at a time, until a call finds nothing: a call passes over the keys that another one has locked, and whoever held the lock
 * calls once more after its commit, so what was announced meanwhile is not forgotten. A request that fails is made up for by the next one, of this
 * process or of upkeep.
 */
export function createAdmission(db: Executor, wake: (lanes: readonly Lane[]) => void): Admission {
  let current: Promise<number> | undefined;
  let again = false;

  async function work(): Promise<number> {
    let keys = 0;
    try {
      for (;;) {
        again = false;
        const admitted = await admit(db);
        keys += admitted.keys;
        if (admitted.lanes.length > 0) wake(admitted.lanes);
        // Set anew while the call above was under way.
        if (admitted.keys === 0 && !isRequested()) return keys;
      }
    } finally {
      current = undefined;
    }
  }

  const isRequested = () => again;

  const run = () => {
    again = true;
    return (current ??= work());
  };

  return {
    request() {
      run().catch(() => undefined);
    },
    run,
    idle: async () => {
      await current?.catch(() => undefined);
    },
  };
}
