import { describe, expect, test } from "vitest";

import { startReadingOwnWrites } from "./testing/read-own-writes.ts";
import { openStage } from "./testing/stage.ts";
import { startEvents } from "./testing/start-events.ts";

// A longer run: TEST_EVENTS_SECONDS=60 TEST_EVENTS_SEED=7 npx pnpm test:e2e read-your-writes
const { TEST_EVENTS_SECONDS = "10", TEST_EVENTS_SEED = "1" } = process.env;
const durationMs = Number(TEST_EVENTS_SECONDS) * 1_000;
const load = { seed: Number(TEST_EVENTS_SEED), writers: 8, readers: 8 };
const timeout = durationMs * 2 + 170_000;

describe("eight readers, each of which queries with the token that a writer has just received", { timeout }, () => {
  test("see every row that the token stands for, once", async (context) => {
    const { api, startWorker } = await startEvents(await openStage(context));
    await startWorker("worker-1");
    const running = await startReadingOwnWrites(api.client(), load);
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs) await running.answered(load.readers);
    const { acknowledged, misses } = await running.stop();
    expect(misses).toEqual([]);
    // Each writer has gone on after its first row.
    expect(Math.min(...acknowledged)).toBeGreaterThan(1);
  });

  test("see no less while the workers that carry events into the lake are killed one after the other", async (context) => {
    const { api, startWorker } = await startEvents(await openStage(context));
    let worker = await startWorker("worker-1");
    const running = await startReadingOwnWrites(api.client(), load);
    const endMs = performance.now() + durationMs;
    for (let kills = 0; kills < 2 || performance.now() < endMs; kills++) {
      // In the middle of its work: there are always events that wait.
      await running.answered(20);
      worker.signal("SIGKILL");
      await worker.exited;
      worker = await startWorker(`worker-${kills + 2}`);
    }
    const { acknowledged, misses } = await running.stop();
    expect(misses).toEqual([]);
    expect(Math.min(...acknowledged)).toBeGreaterThan(1);
  });
});
