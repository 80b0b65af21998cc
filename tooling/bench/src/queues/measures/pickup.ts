import { startMeter } from "../../meter.ts";
import type { Stage } from "../stage.ts";
import { perJob, type Values } from "../values.ts";
import { awaitNothingLeft, closeAndCheck } from "./check.ts";

const gapMs = [15, 40] as const;
const warmUpJobs = 20;

/** How long it takes from the call that stores a job until its handler starts, in another process, when nothing else is going on. */
export async function measurePickup(stage: Stage, jobs: number): Promise<Values> {
  const { producer, consumer, processes } = stage;
  await stage.openConsumer();
  await producer.call("ping", warmUpJobs, gapMs);
  await consumer.call("reached", warmUpJobs);
  await awaitNothingLeft(stage);
  await closeAndCheck(stage, warmUpJobs);

  await stage.settle();
  await stage.openConsumer();
  const read = startMeter(processes);
  await producer.call("ping", jobs, gapMs);
  await consumer.call("reached", jobs);
  const cost = read();
  const { p50Ms, p99Ms } = await consumer.call("latency");
  await awaitNothingLeft(stage);
  await closeAndCheck(stage, jobs);
  return { jobs, p50Ms, p99Ms, ...perJob(cost, jobs) };
}
