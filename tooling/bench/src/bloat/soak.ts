import { setTimeout as delay } from "node:timers/promises";

import { connectDirectly } from "@millrace/storage";

import { startMeter } from "../meter.ts";
import { awaitNothingLeft, closeAndCheck } from "../queues/measures/check.ts";
import { warmUp } from "../queues/measures/warm-up.ts";
import type { Stage } from "../queues/stage.ts";
import { watched } from "../watched.ts";
import { holdSnapshot } from "./hold-snapshot.ts";
import type { BloatOptions } from "./options.ts";
import { readTables } from "./read-tables.ts";
import type { BloatSample } from "./record.ts";

const warmUpJobs = 2_000;
const load = { batch: 100, callers: 4 };

/** Stores jobs at a fixed rate while they are done, holds a snapshot for a while, and looks every few seconds. Checks every job at the end. */
export async function soak(stage: Stage, options: BloatOptions, write: (sample: BloatSample) => void): Promise<void> {
  const { contender, producer, consumer } = stage;
  const connection = await connectDirectly({ url: stage.url });
  try {
    await warmUp(stage, warmUpJobs);
    await stage.openConsumer();
    const pacing = watched(producer.call("pace", options.perSecond, load));
    const startMs = performance.now();
    const holding = watched(hold(stage.url, options));
    let before = await consumer.call("count");
    let read = startMeter(stage.processes);
    for (let at = options.sampleSeconds; at <= options.seconds; at += options.sampleSeconds) {
      await delay(Math.max(1, startMs + at * 1_000 - performance.now()));
      const [count, produced, tables] = await Promise.all([
        consumer.call("count"),
        producer.call("produced"),
        readTables(connection),
      ]);
      write({
        kind: "sample",
        name: contender.name,
        title: contender.title,
        seconds: at,
        perSecond: (count.handled - before.handled) / ((count.atMs - before.atMs) / 1_000),
        backlog: produced - count.handled,
        ...tables,
        otherShare: read().otherShare ?? null,
      });
      before = count;
      read = startMeter(stage.processes);
    }
    await producer.call("halt");
    const { jobs } = await pacing;
    await holding;
    await consumer.call("reached", jobs);
    await awaitNothingLeft(stage);
    await closeAndCheck(stage, jobs);
  } finally {
    await connection.close();
  }
}

async function hold(url: string, { heldFromSeconds, heldSeconds }: BloatOptions): Promise<void> {
  await delay(heldFromSeconds * 1_000);
  const release = await holdSnapshot(url);
  await delay(heldSeconds * 1_000);
  await release();
}
