import { describe, expect, onTestFinished, test } from "vitest";

import { type ModelCheckOptions, checkModel } from "./check-model.ts";
import { openPostgresSubject } from "./postgres-subject.ts";

/** A long run takes a time instead of a fixed number of runs, and a seed of its own; see docs/concepts/proof.md. */
const seconds = Number(process.env["TEST_MODEL_SECONDS"] ?? 0);
const firstSeed = Number(process.env["TEST_MODEL_SEED"] ?? 1);
const timeout = (seconds + 120) * 1_000;

/** Checks with the seed, and with the seeds after it while there is time. */
async function check(options: Pick<ModelCheckOptions, "stepsMax" | "concurrencyMax" | "limits">): Promise<void> {
  const subject = await openPostgresSubject({ stores: 4, ...(options.limits && { limits: options.limits }) });
  onTestFinished(() => subject.close());
  const untilMs = performance.now() + seconds * 1_000;
  for (let seed = firstSeed; seed === firstSeed || performance.now() < untilMs; seed++) {
    await checkModel(subject, { ...options, seed, runs: 10 });
  }
}

const limits = { queues: { "model-a/x": 1, "model-b/y": 2 }, perKey: 1 };

describe("the job state machine on PostgreSQL", () => {
  test("answers and shows what the model does, call by call", { timeout }, async () => {
    await expect(check({ stepsMax: 60, concurrencyMax: 1 })).resolves.toBeUndefined();
  });

  test("answers calls at the same time as if one had come after the other", { timeout }, async () => {
    await expect(check({ stepsMax: 40, concurrencyMax: 4 })).resolves.toBeUndefined();
  });

  test("keeps the limits of queues and concurrency keys whatever happens to their jobs", { timeout }, async () => {
    await expect(check({ stepsMax: 60, concurrencyMax: 3, limits })).resolves.toBeUndefined();
  });
});
