import { setTimeout as delay } from "node:timers/promises";

import type { EnqueueRequest, MillraceClient } from "@millrace/client";
import type { Acknowledged } from "@millrace/e2e/history";
import { recordedTypes, seededRandom } from "@millrace/e2e/processes";

/** Enqueues whatever happens, each job until it is acknowledged. */
export interface Producer {
  acknowledged(): number;
  /** The jobs among them that call the receiver, and leave no trace elsewhere. */
  calls(): readonly string[];
  /** Calls that were not answered with a job. */
  failures(): readonly unknown[];
  /** Enqueues nothing more, and waits until what was begun is acknowledged. */
  stop(): Promise<void>;
}

export interface ProducerOptions {
  /** Asked before each call. */
  readonly client: () => MillraceClient;
  /** Where `http.request` jobs go. */
  readonly receiverUrl: string;
  readonly append: (event: Acknowledged) => void;
}

type Lot = Pick<EnqueueRequest, "type" | "payload" | "delayMs" | "concurrencyKey"> & {
  readonly ends: "completed" | "dead";
};

const [type] = recordedTypes;
const enqueuers = 4;
const pauseMs = 40;

/** What the jobs meet with, each as likely as the others. */
const lotsOf = (receiverUrl: string): readonly Lot[] => [
  { type, ends: "completed" },
  { type, payload: { runMs: 50 }, ends: "completed" },
  { type, payload: { runMs: 1_500 }, ends: "completed" },
  { type, payload: { failures: 1 }, ends: "completed" },
  { type, payload: { dies: true }, ends: "dead" },
  { type, delayMs: 3_000, ends: "completed" },
  { type, payload: { runMs: 20 }, concurrencyKey: "one at a time", ends: "completed" },
  { type: "http.request", payload: { url: receiverUrl, method: "POST", body: {} }, ends: "completed" },
];

/** Starts the load. A call that fails is made again with the same idempotency key, wherever `client` then points. */
export function startProducer({ client, receiverUrl, append }: ProducerOptions): Producer {
  const lots = lotsOf(receiverUrl);
  const failures: unknown[] = [];
  const calls: string[] = [];
  let count = 0;
  let stopping = false;

  async function enqueue(at: number): Promise<void> {
    const random = seededRandom(at + 1);
    for (let turn = 0; !stopping; turn++) {
      const { ends, ...lot } = lots[Math.floor(random() * lots.length)]!;
      const retry = { kind: "fixed", delayMs: 2_000 } as const;
      const request: EnqueueRequest = { ...lot, retry, idempotencyKey: `${at}-${turn}` };
      for (let id: string | undefined; id === undefined;) {
        try {
          ({ id } = await client().jobs.enqueue(request));
          if (lot.type === "http.request") calls.push(id);
          else append({ kind: "acknowledged", jobId: id, queue: "default", ends, ...keyOf(lot) });
          count++;
        } catch (error) {
          failures.push(error);
        }
        await delay(pauseMs);
      }
    }
  }

  const running = Array.from({ length: enqueuers }, (_, at) => enqueue(at));
  return {
    acknowledged: () => count,
    calls: () => calls,
    failures: () => failures,
    async stop() {
      stopping = true;
      await Promise.all(running);
    },
  };
}

const keyOf = ({ concurrencyKey }: Pick<Lot, "concurrencyKey">) =>
  typeof concurrencyKey === "string" ? { concurrencyKey } : {};
