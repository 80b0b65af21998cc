import type { Stage } from "../stage.ts";
import { awaitNothingLeft, closeAndCheck } from "./check.ts";

/** How a queue is filled before a measurement. */
export const fillLoad = { batch: 1_000, callers: 2 };

/** Has so many jobs stored and done, so that what is measured then runs compiled and on tables that the planner knows. */
export async function warmUp(stage: Stage, jobs: number): Promise<void> {
  await stage.producer.call("fill", jobs, fillLoad);
  await stage.settle();
  await stage.openConsumer();
  await stage.consumer.call("reached", jobs);
  await awaitNothingLeft(stage);
  await closeAndCheck(stage, jobs);
}
