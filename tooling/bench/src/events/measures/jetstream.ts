import type { JetStreamVerbs } from "../../jetstream/main.ts";
import { startMeter } from "../../meter.ts";
import type { Values } from "../../queues/values.ts";
import { startRemote } from "../../remote.ts";
import { withNats } from "../../with-nats.ts";
import type { Shape } from "../shapes.ts";
import { valuesOf } from "./ingest.ts";

/** Publishes the same payloads to a stream with JetStream's own client. */
export function measureJetStream({ connections, batch }: Shape, calls: number): Promise<Values> {
  return withNats(async ({ url, pid }) => {
    const publisher = startRemote<JetStreamVerbs>("jetstream/main.ts");
    try {
      await publisher.call("open", url);
      const load = { callers: connections, batch };
      const warmUp = Math.ceil(calls / 4);
      await publisher.call("publish", { ...load, calls: warmUp });
      const read = startMeter({ server: [pid], clients: [publisher.pid] });
      const told = await publisher.call("publish", { ...load, calls });
      const values = valuesOf(told, calls, calls * batch, read());
      const held = await publisher.call("count");
      if (held !== (warmUp + calls) * batch)
        throw new Error(`${(warmUp + calls) * batch} were acknowledged, the stream holds ${held}`);
      await publisher.call("close");
      return values;
    } finally {
      await publisher.end();
    }
  });
}
