import { setTimeout as delay } from "node:timers/promises";

import type { Stage } from "../stage.ts";

/** Waits until the queue's own tables hold nothing that isn't done. */
export async function awaitNothingLeft({ producer }: Stage): Promise<void> {
  for (;;) {
    const { unfinished } = await producer.call("outcome");
    if (unfinished === 0) return;
    await delay(1);
  }
}

/** Ends the worker and checks that each of `jobs` was done, and done once. @throws Error when not */
export async function closeAndCheck({ contender, producer, consumer }: Stage, jobs: number): Promise<void> {
  await consumer.call("closeConsumer");
  const { handled, repeated } = await consumer.call("count");
  const { unfinished, failed } = await producer.call("outcome");
  if (handled !== jobs || repeated !== 0 || unfinished !== 0 || failed !== 0) {
    throw new Error(
      `${contender.name}: ${jobs} jobs were stored, ${handled} handled, ${repeated} of them again, ${unfinished} left, ${failed} failed`,
    );
  }
}
