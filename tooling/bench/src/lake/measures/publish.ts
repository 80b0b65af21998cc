import { batchText } from "../../events/records.ts";
import { startMeter } from "../../meter.ts";
import { percentile } from "../../percentiles.ts";
import type { Values } from "../../queues/values.ts";
import type { BenchPostgres } from "../../with-postgres.ts";
import type { LakeStorage } from "../storage.ts";
import { type BenchLake, readCatalogue, startLakeMeter, withLake } from "../with-lake.ts";

const warmUp = 20;
const spent = `millrace_lake_materialise_seconds_sum{outcome="published"}`;

/** One event at a time, each in a snapshot of its own since the next one is sent when it can be queried: what a snapshot costs, however little is in it. */
export function measurePublish(postgres: BenchPostgres, storage: LakeStorage, events: number): Promise<Values> {
  return withLake(postgres, storage, (lake) =>
    lake.withWorker({ MILLRACE_LAKE_FLUSH_MS: "10" }, async (worker) => {
      for (let n = 0; n < warmUp; n++) await sendVisibly(lake, n);
      const { snapshots: first } = await readCatalogue(lake.databaseUrl);
      const spentBefore = await worker.metric(spent);
      const readParts = await startLakeMeter(postgres, lake.api.pid, worker.pid);
      const read = startMeter({ server: [postgres.pid], clients: [lake.api.pid, worker.pid] });
      const took: number[] = [];
      for (let n = warmUp; n < warmUp + events; n++) took.push(await sendVisibly(lake, n));
      const { otherShare } = read();
      const { snapshots: last } = await readCatalogue(lake.databaseUrl);
      const snapshots = last - first;
      const parts = await readParts(snapshots);
      return {
        snapshots,
        publishMs: (((await worker.metric(spent)) - spentBefore) * 1_000) / snapshots,
        visibleP50Ms: percentile(took, 0.5),
        visibleP95Ms: percentile(took, 0.95),
        visibleP99Ms: percentile(took, 0.99),
        ...parts,
        ...(otherShare === undefined ? {} : { otherShare }),
      };
    }),
  );
}

/** Sends one event and waits until it can be queried; how long that took. */
async function sendVisibly({ api, headers }: BenchLake, n: number): Promise<number> {
  const startMs = performance.now();
  const answer = await fetch(api.ingestUrl, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: batchText("one-", n, 1, `,"waitForVisibility":true,"visibilityTimeoutMs":60000`),
  });
  if (answer.status !== 200) throw new Error(`An event was answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
  return performance.now() - startMs;
}
