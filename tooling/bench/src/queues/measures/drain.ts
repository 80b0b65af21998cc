import { monotonicMs } from "../../contenders/contender.ts";
import { startMeter } from "../../meter.ts";
import type { Stage } from "../stage.ts";
import { perJob, type Values } from "../values.ts";
import { awaitNothingLeft, closeAndCheck } from "./check.ts";
import { fillLoad, warmUp } from "./warm-up.ts";

const warmUpJobsMax = 2_000;

/**
 * Lets one worker empty a full queue of jobs that do nothing. The clock runs from the first job handled until the queue's own tables say that
 * nothing is left, so that neither opening connections nor leaving completions for later makes a difference; the first job itself is not counted.
 */
export async function measureDrain(stage: Stage, seconds: number): Promise<Values> {
  const { contender, plan, producer, consumer, processes } = stage;
  const pace = contender.pace[plan === "defaults" ? "defaults" : "drain"];
  const jobs = Math.max(4, Math.round(pace * seconds));
  await warmUp(stage, Math.min(warmUpJobsMax, Math.ceil(jobs / 4)));

  await producer.call("fill", jobs, fillLoad);
  await stage.settle();
  const read = startMeter(processes);
  await stage.openConsumer();
  const { firstMs } = await consumer.call("reached", jobs);
  await awaitNothingLeft(stage);
  const endMs = monotonicMs();
  const cost = read();
  await closeAndCheck(stage, jobs);
  return { jobs, perSecond: (jobs - 1) / ((endMs - firstMs) / 1_000), ...perJob(cost, jobs) };
}
