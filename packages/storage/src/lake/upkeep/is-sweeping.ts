import type { Executor, Statement } from "../../executor.ts";

/** Switched off while nobody works on the restored database, and on again by checks alone. */
const isSweepingStatement: Statement = {
  name: "lake.is_sweeping",
  text: "select sweeping from millrace.lake_state",
};

/** Whether objects may be deleted. */
export async function isSweeping(db: Executor): Promise<boolean> {
  const [state] = await db.query<{ sweeping: boolean }>(isSweepingStatement);
  return state?.sweeping === true;
}
