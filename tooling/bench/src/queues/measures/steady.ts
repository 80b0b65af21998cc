import { setTimeout as delay } from "node:timers/promises";

import type { Load } from "../../contenders/producing.ts";
import { startMeter } from "../../meter.ts";
import { watched } from "../../watched.ts";
import type { Stage } from "../stage.ts";
import { perJob, type Values } from "../values.ts";
import { awaitNothingLeft, closeAndCheck } from "./check.ts";
import { warmUp } from "./warm-up.ts";

/** Who stores faster than is done waits, so that memory and tables stay bounded. */
const backlogMax = 10_000;
const relayMs = 10;
const rampMs = 1_000;
const warmUpJobs = 2_000;

/** Stores and does jobs at the same time, for so many seconds; the rate is that of jobs done. */
export async function measureSteady(stage: Stage, load: Load, seconds: number): Promise<Values> {
  const { producer, consumer, processes } = stage;
  await warmUp(stage, warmUpJobs);
  await stage.openConsumer();
  const relay = startRelay(stage);
  const flowing = watched(producer.call("flow", load, backlogMax));
  await delay(rampMs);

  const read = startMeter(processes);
  const before = await consumer.call("count");
  await delay(seconds * 1_000);
  const after = await consumer.call("count");
  const cost = read();

  await producer.call("halt");
  const { jobs, p50Ms, p99Ms } = await flowing;
  await relay.stop();
  await consumer.call("reached", jobs);
  await awaitNothingLeft(stage);
  await closeAndCheck(stage, jobs);
  const done = after.handled - before.handled;
  return { jobs: done, perSecond: done / ((after.atMs - before.atMs) / 1_000), p50Ms, p99Ms, ...perJob(cost, done) };
}

/** Tells the producer every few milliseconds how many jobs were handled. */
function startRelay({ producer, consumer }: Pick<Stage, "producer" | "consumer">): { stop(): Promise<void> } {
  let stopped = false;
  const relay = async () => {
    while (!stopped) {
      const { handled } = await consumer.call("count");
      await producer.call("handled", handled);
      await delay(relayMs);
    }
  };
  const running = watched(relay());
  return {
    async stop() {
      stopped = true;
      await running;
    },
  };
}
