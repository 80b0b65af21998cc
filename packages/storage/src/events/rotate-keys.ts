import type { Executor, Statement } from "../executor.ts";

/** One step at a time, and of callers at the same time one takes it; a new generation begins only while no publish is under way. */
const rotateStatement: Statement = {
  name: "events.rotateKeys",
  text: `select millrace.rotate_event_keys($1::float8 * interval '1 millisecond') as step`,
};

/** A window that is short compared with the call would never come to an end. */
const stepsMax = 10;

/** What was done to the generations of keys. */
export type RotationStep = "made" | "begun" | "dropped";

/** Begins a new generation of keys where it is time for one, and drops those whose every key is older than the window; answers what it did. */
export async function rotateKeys(db: Executor, keyWindowMs: number): Promise<readonly RotationStep[]> {
  const steps: RotationStep[] = [];
  while (steps.length < stepsMax) {
    const [row] = await db.query<{ step: RotationStep | null }>(rotateStatement, [keyWindowMs]);
    const step = row?.step ?? undefined;
    if (step === undefined) break;
    steps.push(step);
  }
  return steps;
}
