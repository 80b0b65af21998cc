import { setTimeout as delay } from "node:timers/promises";

import type { HistoryEvent } from "@millrace/e2e/history";
import type { ClaimedJob } from "@millrace/storage";

import { type StageOptions, type StageWorker, openStage } from "./open-stage.ts";

interface Cast {
  readonly first: StageWorker;
  readonly second: StageWorker;
  readonly third: StageWorker;
}

/** Moves that bring a fault to light whenever the store has it: each is made by the scene, at its moment, so nothing is left to chance. */
export interface Scene {
  readonly jobs: number;
  play(cast: Cast): Promise<void>;
}

const longMs = 600_000;

/** A lease runs out, another worker takes the job over, and while it holds it the first one's write arrives. */
export const staleWrite: Scene = {
  jobs: 1,
  async play({ first, second }) {
    const [late] = await first.claim({ limit: 1, leaseMs: 1 });
    const taken = await untilClaimed(second);
    if (late !== undefined) await first.complete(late);
    await second.complete(taken);
  },
};

/** A worker looks for leases that are over, and for jobs, while another holds the only one. */
export const livingLease: Scene = {
  jobs: 1,
  async play({ first, second }) {
    const held = await first.claim({ limit: 1, leaseMs: longMs });
    await second.tidy();
    const taken = await second.claim({ limit: 1, leaseMs: longMs });
    for (const claimed of held) await first.complete(claimed);
    for (const claimed of taken) await second.complete(claimed);
  },
};

/** Two workers ask for the only job at the same moment. */
export const claimsAtOnce: Scene = {
  jobs: 1,
  async play({ first, second }) {
    const workers = [first, second];
    const claims = await Promise.all(workers.map((worker) => worker.claim({ limit: 1, leaseMs: longMs })));
    for (const [index, claimed] of claims.entries()) for (const each of claimed) await workers[index]?.complete(each);
  },
};

/** Three workers hold a job each before the first of them is done. */
export const threeHold: Scene = {
  jobs: 3,
  async play({ first, second, third }) {
    const held: (readonly [StageWorker, ClaimedJob])[] = [];
    for (const worker of [first, second, third]) {
      for (const claimed of await worker.claim({ limit: 1, leaseMs: longMs })) held.push([worker, claimed]);
    }
    for (const [worker, claimed] of held) await worker.complete(claimed);
  },
};

/** One worker does all there is. */
export const workedOff: Scene = {
  jobs: 3,
  async play({ first }) {
    for (const claimed of await first.claim({ limit: 3, leaseMs: longMs })) await first.complete(claimed);
  },
};

/** Answers the history of a scene, played over a store that `wrap` may break. */
export async function playScene(scene: Scene, wrap?: StageOptions["wrap"]): Promise<readonly HistoryEvent[]> {
  await using stage = await openStage({ workers: 3, wrap });
  const [first, second, third] = stage.workers;
  if (first === undefined || second === undefined || third === undefined) throw new Error("The cast is incomplete");
  await stage.enqueue(scene.jobs);
  await scene.play({ first, second, third });
  return await stage.history();
}

async function untilClaimed(worker: StageWorker): Promise<ClaimedJob> {
  for (;;) {
    await worker.tidy();
    const [claimed] = await worker.claim({ limit: 1, leaseMs: longMs });
    if (claimed !== undefined) return claimed;
    await delay(5);
  }
}
