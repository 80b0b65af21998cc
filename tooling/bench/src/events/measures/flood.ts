import type { FloodLoad } from "../../ingest-load/flood.ts";
import type { IngestLoadVerbs } from "../../ingest-load/main.ts";
import type { Values } from "../../queues/values.ts";
import { startRemote } from "../../remote.ts";
import type { BenchPostgres } from "../../with-postgres.ts";
import { checkCount, measureApi } from "./ingest.ts";

/** What another tenant does meanwhile; nothing where it has no `how`. */
export interface Beside {
  readonly name: string;
  readonly title: string;
  readonly how: FloodLoad["how"] | undefined;
}

/** The calm tenant alone first: the others are compared with it. */
export const floods: readonly Beside[] = [
  { name: "millrace", title: "Alone", how: undefined },
  { name: "flood-batches", title: "Beside 64 callers with batches", how: { callers: 64, batch: 100 } },
  { name: "flood-singles", title: "Beside 64 callers with single events", how: { callers: 64, batch: 1 } },
  { name: "flood-upload", title: "Beside a stream of NDJSON", how: "upload" },
];

const everyMs = 10;
const warmUpSeconds = 1;

/** How long answers to a calm tenant take while another one floods. Checks that the logs hold exactly what was accepted. */
export function measureFlood(
  postgres: BenchPostgres,
  { how, seconds }: { readonly how: FloodLoad["how"] | undefined; readonly seconds: number },
): Promise<Values> {
  return measureApi(postgres, 2, [], {}, async (api, generator, meter) => {
    const [calm = {}, loud = {}] = api.tenants;
    const url = api.ingestUrl;
    const flooder = startRemote<IngestLoadVerbs>("ingest-load/main.ts");
    try {
      const first = await generator.call("pace", { url, headers: calm, everyMs, seconds: warmUpSeconds });
      const read = await meter([flooder.pid]);
      const startMs = performance.now();
      if (how !== undefined) await flooder.call("flood", { url, headers: loud, how });
      const second = await generator.call("pace", { url, headers: calm, everyMs, seconds: warmUpSeconds });
      const { sent, ...latencies } = await generator.call("pace", { url, headers: calm, everyMs, seconds });
      const accepted = await flooder.call("ebb");
      const floodSeconds = (performance.now() - startMs) / 1_000;
      const { otherShare } = read();
      await checkCount(api, first.sent + second.sent + sent + accepted);
      return {
        perSecond: sent / seconds,
        ...latencies,
        ...(how === undefined ? {} : { floodPerSecond: accepted / floodSeconds }),
        ...(otherShare === undefined ? {} : { otherShare }),
      };
    } finally {
      await flooder.end();
    }
  });
}
