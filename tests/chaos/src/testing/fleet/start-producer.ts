import { setTimeout as delay } from "node:timers/promises";

import { type EnqueueRequest, createClient } from "@millrace/client";
import type { Acknowledged } from "@millrace/e2e/history";
import { recordedTypes, seededRandom } from "@millrace/e2e/processes";

import { limitedQueue } from "./limited-queue.ts";

/** Enqueues whatever happens, and writes down what was acknowledged. */
export interface Producer {
  acknowledged(): number;
  stop(): Promise<void>;
}

export interface ProducerOptions {
  readonly seed: number;
  readonly apiUrls: readonly string[];
  readonly append: (event: Acknowledged) => void;
}

/** What a job is to meet with, and how it has to end. */
interface Fate {
  readonly share: number;
  readonly payload: { readonly failures?: number; readonly dies?: boolean; readonly runMs?: number };
  readonly maxAttempts: number;
  readonly ends?: "completed" | "dead";
}

/** So many that no run of faults uses them up. */
const plenty = 100;
const fates: readonly Fate[] = [
  { share: 55, payload: {}, maxAttempts: plenty, ends: "completed" },
  { share: 15, payload: { runMs: 50 }, maxAttempts: plenty, ends: "completed" },
  { share: 5, payload: { runMs: 1_500 }, maxAttempts: plenty, ends: "completed" },
  { share: 10, payload: { failures: 1 }, maxAttempts: plenty, ends: "completed" },
  { share: 5, payload: { dies: true }, maxAttempts: plenty, ends: "dead" },
  // May run out of attempts in the faults, but must not have one too many.
  { share: 10, payload: { runMs: 200 }, maxAttempts: 2 },
];
/** Few and short ones, which the limits let through in time. */
const limitedShare = 0.15;
const longMs = 1_000;
const enqueuers = 6;
const pauseMs = 40;
const timeoutMs = 10_000;

/** Starts the load. Half of the enqueuers repeat a call until it is acknowledged, by its key; the others try once. */
export function startProducer({ seed, apiUrls, append }: ProducerOptions): Producer {
  const clients = apiUrls.map((baseUrl) => createClient({ baseUrl, apiKey: "alpha-key", retriesMax: 0, timeoutMs }));
  const lots = fates.flatMap((fate) => Array.from({ length: fate.share }, () => fate));
  let count = 0;
  let stopping = false;

  async function enqueue(at: number): Promise<void> {
    const random = seededRandom(seed * 100 + at);
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
    for (let turn = 0; !stopping; turn++) {
      const { payload, maxAttempts, ends } = pick(lots);
      const isLimited = random() < limitedShare && (payload.runMs ?? 0) < longMs;
      const queue = isLimited ? limitedQueue : "default";
      const concurrencyKey = isLimited ? pick([undefined, "red", "green", "blue"]) : undefined;
      const request: EnqueueRequest = {
        type: pick(recordedTypes),
        queue,
        payload,
        maxAttempts,
        retry: { kind: "fixed", delayMs: 100 },
        ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
        ...(at % 2 === 0 ? { idempotencyKey: `${seed}-${at}-${turn}` } : {}),
      };
      for (let isDone = false; !isDone;) {
        try {
          const { id: jobId } = await clients[(at + turn) % clients.length]!.jobs.enqueue(request);
          append({
            kind: "acknowledged",
            jobId,
            queue,
            maxAttempts,
            ...(ends && { ends }),
            ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
          });
          count++;
          isDone = true;
        } catch {
          isDone = request.idempotencyKey === undefined;
        }
        await delay(pauseMs);
      }
    }
  }

  const running = Array.from({ length: enqueuers }, (_, at) => enqueue(at));
  return {
    acknowledged: () => count,
    async stop() {
      stopping = true;
      await Promise.all(running);
    },
  };
}
