import type { MillraceClient } from "@millrace/client";

/** What was acknowledged, and what was not. */
export interface Traffic {
  /** Ids of jobs, each acknowledged. */
  readonly jobs: readonly string[];
  /** The `n` of events, each acknowledged. */
  readonly events: readonly number[];
  readonly failures: readonly unknown[];
  /** Sends nothing more, and waits for what is under way. */
  stop(): Promise<void>;
}

export interface TrafficOptions {
  /** Asked before each request. */
  readonly client: () => MillraceClient;
  readonly table: string;
  /** What the jobs call. */
  readonly url: string;
  /** The number of the first event. */
  readonly first: number;
}

const sendersEach = 3;
const pauseMs = 20;

/** Enqueues jobs and sends events, some at a time, until it is told to stop. */
export function startTraffic({ client, table, url, first }: TrafficOptions): Traffic {
  const jobs: string[] = [];
  const events: number[] = [];
  const failures: unknown[] = [];
  let next = first;
  let isStopping = false;

  async function keepSending(send: () => Promise<void>): Promise<void> {
    while (!isStopping) {
      await send().catch((error: unknown) => failures.push(error));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  const enqueue = async (): Promise<void> => {
    const n = next++;
    const job = { type: "http.request", payload: { url }, idempotencyKey: `job-${n}`, maxAttempts: 20 };
    jobs.push((await client().jobs.enqueue(job)).id);
  };
  const ingest = async (): Promise<void> => {
    const n = next++;
    const { acceptedCount, duplicateCount } = await client().ingest(table, [
      { idempotencyKey: `event-${n}`, payload: { n } },
    ]);
    if (acceptedCount + duplicateCount !== 1) throw new Error(`Event ${n} was refused`);
    events.push(n);
  };
  const senders = [enqueue, ingest].flatMap((send) => Array.from({ length: sendersEach }, () => keepSending(send)));

  return {
    jobs,
    events,
    failures,
    async stop() {
      isStopping = true;
      await Promise.all(senders);
    },
  };
}
