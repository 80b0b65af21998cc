import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

import { createWorkerRig, type WorkerRig } from "../testing/worker-rig.ts";
import { defineJob } from "./define-job.ts";

describe("the log of a job that a handler works", () => {
  let rig: WorkerRig;
  beforeAll(async () => {
    rig = await createWorkerRig();
  });
  afterAll(() => rig.close());

  const lines = async (id: string) =>
    (await rig.store.logsAfter({ tenantId: "default", id }, 0)).map(({ attempt, level, message }) => [
      attempt,
      level,
      message,
    ]);

  it("has every line of each attempt by the time that the attempt has ended, debug aside", async () => {
    const speaking = defineJob({
      type: "speaks",
      input: z.object({}),
      retry: { kind: "fixed", delayMs: 0 },
      handler({ job, logger }) {
        logger.debug({}, "not kept");
        logger.info({}, `attempt ${job.attempts}`);
        logger.child({}).warn({}, "of a child");
        if (job.attempts === 1) throw new Error("no");
        logger.error({}, "last");
      },
    });
    await rig.start({ handlers: [speaking] });
    const { id } = await rig.add({ type: "speaks" });
    await rig.until(id, "completed");
    expect(await lines(id)).toEqual([
      [1, "info", "attempt 1"],
      [1, "warn", "of a child"],
      [2, "info", "attempt 2"],
      [2, "warn", "of a child"],
      [2, "error", "last"],
    ]);
  });

  it("takes a thousand lines of a job and no more, each cut to its bound, and the job goes on", async () => {
    const noisy = defineJob({
      type: "noisy",
      input: z.object({}),
      handler({ logger }) {
        for (let n = 0; n < 1_200; n++) logger.info({}, n === 0 ? "x".repeat(5_000) : `line ${n}`);
      },
    });
    await rig.start({ handlers: [noisy] });
    const { id } = await rig.add({ type: "noisy" });
    await rig.until(id, "completed");
    const ref = { tenantId: "default", id };
    const first = await rig.store.logsAfter(ref, 0);
    const second = await rig.store.logsAfter(ref, first.at(-1)?.seq ?? 0);
    const all = [...first, ...second].map(({ message }) => message);
    expect(all).toEqual(["x".repeat(2_000), ...Array.from({ length: 999 }, (_, n) => `line ${n + 1}`)]);
  });
});
