import type { Executor, Statement } from "../executor.ts";
import type { Lane } from "./wakeup.ts";

/** How many keys one call looks at. */
const keysMax = 500;

/** The function holds the argument why it is strict (migration 0003): it alone counts slots, one caller a key at a time. */
const admitStatement: Statement = {
  name: "jobs.admit",
  text: `select a.keys, a.lanes from millrace.admit($1::integer) a`,
};

/** Lets held jobs in where their concurrency keys have free slots; answers the lanes that got jobs. */
export async function admit(db: Executor): Promise<readonly Lane[]> {
  const admitted: Lane[] = [];
  for (;;) {
    const [row] = await db.query<{ keys: number; lanes: readonly Lane[] | null }>(admitStatement, [keysMax]);
    admitted.push(...(row?.lanes ?? []));
    if (row === undefined || row.keys < keysMax) return admitted;
  }
}

export interface Admission {
  /** There may be jobs to let in: soon, and once for all who ask meanwhile. */
  request(): void;
  /** Resolves when nothing requested is under way. */
  idle(): Promise<void>;
}

/** Runs admission one call at a time. A call that fails is made up for by the next request, of this process or of upkeep. */
export function createAdmission(db: Executor, wake: (lanes: readonly Lane[]) => void): Admission {
  let current: Promise<void> | undefined;
  let again = false;

  async function run(): Promise<void> {
    do {
      again = false;
      const lanes = await admit(db).catch((): readonly Lane[] => []);
      if (lanes.length > 0) wake(lanes);
    } while (again);
    current = undefined;
  }

  return {
    request() {
      again = true;
      current ??= run();
    },
    idle: () => current ?? Promise.resolve(),
  };
}
