import type { Latencies } from "../../ingest-load/latencies.ts";
import type { IngestLoadVerbs } from "../../ingest-load/main.ts";
import { type Cost, startMeter } from "../../meter.ts";
import { withDatabase } from "../../queues/stage.ts";
import { perJob, type Values } from "../../queues/values.ts";
import { type Remote, startRemote } from "../../remote.ts";
import { withNats } from "../../with-nats.ts";
import type { BenchPostgres } from "../../with-postgres.ts";
import type { Shape } from "../shapes.ts";
import { checkpoint, countEvents, type IngestApi, withIngest } from "../with-ingest.ts";

/** A quarter of what is measured, but no more, is sent before the clock starts. */
const warmUpShare = 4;
const warmUpEventsMax = 20_000;

export interface IngestPlan {
  readonly requests: number;
  readonly tenants: number;
  readonly bus: "postgres" | "nats";
}

/** Writes out what the server holds, then starts the clocks; told of processes that make load besides. */
type Meter = (generators?: readonly number[]) => Promise<() => Cost>;

/** Sends events over HTTP to an API that keeps them in its log; nobody reads it. Checks that the log holds all of them. */
export function measureIngest(postgres: BenchPostgres, shape: Shape, plan: IngestPlan): Promise<Values> {
  if (plan.bus === "postgres") return measureOn(postgres, shape, plan, [], {});
  return withNats(({ url, pid }) =>
    measureOn(postgres, shape, plan, [pid], { MILLRACE_INGEST_BUS: "nats", MILLRACE_INGEST_NATS_URLS: url }),
  );
}

function measureOn(
  postgres: BenchPostgres,
  { connections, batch }: Shape,
  { requests, tenants }: IngestPlan,
  others: readonly number[],
  changes: Readonly<Record<string, string>>,
): Promise<Values> {
  return measureApi(postgres, tenants, others, changes, async (api, generator, meter) => {
    const load = { url: api.ingestUrl, tenants: api.tenants, connections, batch };
    const warmUp = Math.max(1, Math.ceil(Math.min(requests / warmUpShare, warmUpEventsMax / batch)));
    await generator.call("post", { ...load, requests: warmUp });
    const read = await meter();
    const told = await generator.call("post", { ...load, requests });
    const values = valuesOf(told, requests, requests * batch, read());
    await checkCount(api, (warmUp + requests) * batch);
    return values;
  });
}

/** Uploads streams of NDJSON, several at the same time. */
export function measureUpload(
  postgres: BenchPostgres,
  { uploads, records }: { readonly uploads: number; readonly records: number },
): Promise<Values> {
  return measureApi(postgres, 1, [], {}, async (api, generator, meter) => {
    const load = { url: api.ingestUrl, tenants: api.tenants, uploads };
    const warmUp = Math.min(Math.ceil(records / warmUpShare), warmUpEventsMax);
    await generator.call("upload", { ...load, records: warmUp });
    const read = await meter();
    const { seconds } = await generator.call("upload", { ...load, records });
    const cost = read();
    await checkCount(api, uploads * (warmUp + records));
    const events = uploads * records;
    return { events, perSecond: events / seconds, ...perJob(cost, events) };
  });
}

/** Runs `fn` with an API of its own, what sends to it, and a meter for both. */
export function measureApi(
  postgres: BenchPostgres,
  tenants: number,
  others: readonly number[],
  changes: Readonly<Record<string, string>>,
  fn: (api: IngestApi, generator: Remote<IngestLoadVerbs>, meter: Meter) => Promise<Values>,
): Promise<Values> {
  return withDatabase(postgres, (databaseUrl) =>
    withIngest(databaseUrl, tenants, changes, async (api) => {
      const generator = startRemote<IngestLoadVerbs>("ingest-load/main.ts");
      try {
        return await fn(api, generator, async (generators = []) => {
          await checkpoint(databaseUrl);
          const server = [postgres.pid, ...others];
          return startMeter({ server, clients: [api.pid], generators: [generator.pid, ...generators] });
        });
      } finally {
        await generator.end();
      }
    }),
  );
}

/** @throws Error where the logs hold more or less than what was accepted */
export async function checkCount(api: IngestApi, sent: number): Promise<void> {
  const held = await countEvents(api);
  if (held !== sent) throw new Error(`${sent} events were accepted, the logs end at ${held}`);
}

/** The values of so many requests that brought so many events. */
export function valuesOf(
  { seconds, ...latencies }: Latencies & { readonly seconds: number },
  requests: number,
  events: number,
  cost: Cost,
): Values {
  return {
    events,
    perSecond: events / seconds,
    requestsPerSecond: requests / seconds,
    ...latencies,
    ...perJob(cost, events),
  };
}
