import { expect, onTestFinished, test } from "vitest";

import { checkModel } from "./check-model.ts";
import { openPostgresSubject } from "./postgres-subject.ts";
import {
  acknowledgingBeforeCommit,
  cancellingInWordsOnly,
  claimingWithoutLocks,
  forgettingHeartbeats,
  rescuingTheLiving,
  withoutFence,
} from "./saboteurs.ts";

const broken = {
  "lets a stale owner write": { sabotage: withoutFence, concurrencyMax: 1 },
  "acknowledges before it commits": { sabotage: acknowledgingBeforeCommit, concurrencyMax: 1 },
  "gives two claimers the same job": { sabotage: claimingWithoutLocks, concurrencyMax: 4 },
  "cancels in words only": { sabotage: cancellingInWordsOnly, concurrencyMax: 1 },
  "rescues jobs whose leases run": { sabotage: rescuingTheLiving, concurrencyMax: 1 },
  "forgets heartbeats": { sabotage: forgettingHeartbeats, concurrencyMax: 1 },
};

const timeout = 180_000;

test.each(Object.entries(broken))(
  "the model finds a store out that %s",
  { timeout },
  async (_, { sabotage, concurrencyMax }) => {
    const subject = await openPostgresSubject({ stores: 4, wrap: sabotage() });
    onTestFinished(() => subject.close());
    const check = checkModel(subject, { seed: 1, runs: 50, stepsMax: 60, concurrencyMax, shrink: false });
    await expect(check).rejects.toMatchObject({
      cause: { message: expect.stringContaining("The store broke its contract") },
    });
  },
);

test.each([
  ["a queue", { queues: { "model-a/x": 1 }, perKey: null }, undefined],
  ["a concurrency key", { queues: {}, perKey: 1 }, { queues: {}, perKey: 2 }],
] as const)(
  "the model finds a store out that lets more jobs of %s run at once than the limit",
  { timeout },
  async (_, limits, set) => {
    const subject = await openPostgresSubject({ stores: 4, ...(set && { limits: set }) });
    onTestFinished(() => subject.close());
    const check = checkModel(subject, { seed: 1, runs: 50, stepsMax: 60, concurrencyMax: 4, limits, shrink: false });
    await expect(check).rejects.toMatchObject({
      cause: { message: expect.stringContaining('"kind":"claim"') },
    });
  },
);
