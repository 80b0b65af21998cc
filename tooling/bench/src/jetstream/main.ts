import { jetstream, jetstreamManager, type JetStreamClient } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";

import { payloadText } from "../events/records.ts";
import { percentile } from "../percentiles.ts";
import { serve } from "../remote.ts";

/** Messages as an ingest would send them, each with an id of its own. */
export interface PublishLoad {
  readonly callers: number;
  readonly calls: number;
  /** Messages that a caller has under way at once; it goes on when all are acknowledged. */
  readonly batch: number;
}

let connection: NatsConnection | undefined;
let client: JetStreamClient | undefined;
let next = 0;

const verbs = {
  async open(url: string) {
    connection = await connect({ servers: url });
    await (await jetstreamManager(connection)).streams.add({ name: "events", subjects: ["events.>"] });
    client = jetstream(connection);
  },
  /** Publishes with the client's own `publish`, until the server has acknowledged each message. */
  async publish({ callers, calls, batch }: PublishLoad) {
    const startMs = performance.now();
    const took: number[] = [];
    let left = calls;
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (left-- > 0) {
          const callMs = performance.now();
          await Promise.all(Array.from({ length: batch }, publishOne));
          took.push(performance.now() - callMs);
        }
      }),
    );
    const seconds = (performance.now() - startMs) / 1_000;
    return { seconds, p50Ms: percentile(took, 0.5), p95Ms: percentile(took, 0.95), p99Ms: percentile(took, 0.99) };
  },
  async count() {
    if (connection === undefined) return 0;
    const { state } = await (await jetstreamManager(connection)).streams.info("events");
    return state.messages;
  },
  async close() {
    await connection?.drain();
  },
};

async function publishOne(): Promise<void> {
  const n = next++;
  await client?.publish("events.1.1", payloadText(n), { msgID: `key-${n}`, timeout: 30_000 });
}

export type JetStreamVerbs = typeof verbs;

serve(verbs);
