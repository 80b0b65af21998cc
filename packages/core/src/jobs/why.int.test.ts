import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";

import { createWorkerRig, eventually, type WorkerRig } from "../testing/worker-rig.ts";
import { defineJob } from "../worker/define-job.ts";
import { whyJob } from "./why.ts";

let rig: WorkerRig;
beforeAll(async () => {
  rig = await createWorkerRig();
});
afterAll(() => rig.close());

it("a worker in TypeScript is seen as soon as it has started, for its queues and types", async () => {
  const add = (queue: string, type: string) => rig.add({ type, queue, delayMs: 3_600_000 });
  const [mine, otherQueue, otherType] = [await add("q", "t"), await add("q2", "t"), await add("q", "t2")];
  const codes = async (id: string) => (await whyJob(rig.ctx, { id })).reasons.map(({ code }) => code);
  expect(await codes(mine.id)).toEqual(["NOT_DUE", "NO_WORKER"]);
  await rig.start({ queues: ["q"], handlers: [defineJob({ type: "t", input: z.object({}), handler: () => null })] });
  await eventually(async () => ((await codes(mine.id)).includes("NO_WORKER") ? undefined : true));
  expect(await codes(mine.id)).toEqual(["NOT_DUE"]);
  expect(await codes(otherQueue.id)).toContain("NO_WORKER");
  expect(await codes(otherType.id)).toContain("NO_WORKER");
});
