import type { Load } from "../../contenders/producing.ts";
import { startMeter } from "../../meter.ts";
import type { Stage } from "../stage.ts";
import { perJob, type Values } from "../values.ts";

const warmUpSeconds = 0.5;

/** Stores jobs for so many seconds, with no worker about, and checks that all of them are there. */
export async function measureEnqueue(stage: Stage, load: Load, seconds: number): Promise<Values> {
  const { contender, producer, processes } = stage;
  const warmUp = await producer.call("forSeconds", warmUpSeconds, load);
  await stage.settle();
  const read = startMeter(processes);
  const { jobs, ...produced } = await producer.call("forSeconds", seconds, load);
  const cost = read();
  const { unfinished } = await producer.call("outcome");
  if (unfinished !== warmUp.jobs + jobs) {
    throw new Error(`${contender.name}: ${warmUp.jobs + jobs} jobs were stored, ${unfinished} are there`);
  }
  return {
    jobs,
    perSecond: jobs / produced.seconds,
    p50Ms: produced.p50Ms,
    p99Ms: produced.p99Ms,
    ...perJob(cost, jobs),
  };
}
