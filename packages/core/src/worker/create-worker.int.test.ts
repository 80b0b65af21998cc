import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

import { createWorkerRig, type WorkerRig } from "../testing/worker-rig.ts";
import { defineJob } from "./define-job.ts";

let rig: WorkerRig;
beforeAll(async () => {
  rig = await createWorkerRig();
});
afterEach(() => rig.stopWorkers());
afterAll(() => rig.close());

describe("a worker", () => {
  it("runs a job and keeps its result", async () => {
    const add = defineJob({
      type: "add",
      input: z.object({ a: z.number(), b: z.number() }),
      handler: ({ payload }) => ({ sum: payload.a + payload.b }),
    });
    await rig.start({ handlers: [add] });
    const { job } = await add.enqueue(rig.ctx, { a: 1, b: 2 });
    const done = await rig.until(job.id, "completed");
    expect(done).toMatchObject({ result: { sum: 3 }, attempts: 1, lastError: null });
  });
});
