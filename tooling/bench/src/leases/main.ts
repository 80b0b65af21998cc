import type { Payload } from "../contenders/contender.ts";
import { createTally } from "../contenders/tally.ts";
import { serve } from "../remote.ts";

/** Where the leases come from and how they are taken. */
export interface LeaseWork {
  readonly url: string;
  readonly key: string;
  readonly queue: string;
  /** Loops that each claim and complete in turn. */
  readonly loops: number;
  /** Jobs a claim, and a completion. */
  readonly batch: number;
}

interface Claimed {
  readonly items: readonly { readonly leaseToken: string; readonly job: { readonly payload: Payload } }[];
}

interface Completed {
  readonly items: readonly { readonly ok: boolean }[];
}

const verbs = {
  /** Claims and completes until the queue is empty, as a worker in any language does. */
  async work({ url, key, queue, loops, batch }: LeaseWork) {
    const tally = createTally();
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const post = async (path: string, body: object): Promise<unknown> => {
      const answer = await fetch(`${url}/v1/leases/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
      return answer.json();
    };
    const claim = { queues: [queue], limit: batch, leaseMs: 30_000, waitMs: 0, worker: "bench" };
    let completed = 0;
    const loop = async () => {
      for (;;) {
        const { items } = (await post("claim", claim)) as Claimed;
        if (items.length === 0) return;
        for (const { job } of items) tally.add(job.payload.i);
        const leases = items.map(({ leaseToken }) => ({ leaseToken }));
        const answer = (await post("complete", { items: leases })) as Completed;
        completed += answer.items.filter(({ ok }) => ok).length;
      }
    };
    const startMs = performance.now();
    await Promise.all(Array.from({ length: loops }, loop));
    return { ...tally.count(), completed, seconds: (performance.now() - startMs) / 1_000 };
  },
};

export type LeaseVerbs = typeof verbs;

serve(verbs);
