import { checkpoint } from "../../events/with-ingest.ts";
import { startMeter } from "../../meter.ts";
import type { Values } from "../../queues/values.ts";
import { startRemote } from "../../remote.ts";
import type { SteadyLoadVerbs } from "../../steady-load/main.ts";
import type { BenchPostgres } from "../../with-postgres.ts";
import type { LakeStorage } from "../storage.ts";
import { awaitVisible, queryRows, readCatalogue, startLakeMeter, withLake } from "../with-lake.ts";

/** How fast events come. */
export interface Rate {
  readonly eventsPerSecond: number;
  readonly batch: number;
}

const warmUpSeconds = 2;
const probesPerSecond = 20;

/** Sends events at a fixed rate through the API, the log and the worker, and measures when they are acknowledged and when they can be queried. Checks that all of them are in the lake. */
export function measureRate(
  postgres: BenchPostgres,
  storage: LakeStorage,
  { eventsPerSecond, batch }: Rate,
  seconds: number,
): Promise<Values> {
  return withLake(postgres, storage, (lake) =>
    lake.withWorker({}, async (worker) => {
      const generator = startRemote<SteadyLoadVerbs>("steady-load/main.ts");
      try {
        const { api, headers } = lake;
        const load = {
          url: api.ingestUrl,
          headers,
          batch,
          requestsPerSecond: eventsPerSecond / batch,
          probesPerSecond,
        };
        const warmUp = await generator.call("atRate", { ...load, seconds: warmUpSeconds });
        await awaitVisible(lake);
        await checkpoint(lake.databaseUrl);
        const before = await readCatalogue(lake.databaseUrl);
        const readParts = await startLakeMeter(postgres, api.pid, worker.pid);
        const read = startMeter({
          server: [postgres.pid],
          clients: [api.pid, worker.pid],
          generators: [generator.pid],
        });
        const told = await generator.call("atRate", { ...load, seconds });
        await awaitVisible(lake);
        const { otherShare } = read();
        const parts = await readParts(told.events);
        const { snapshots } = await readCatalogue(lake.databaseUrl);
        await requireRows(lake, warmUp.events + told.events);
        return {
          events: told.events,
          perSecond: told.events / told.seconds,
          ackP50Ms: told.ack.p50Ms,
          ackP95Ms: told.ack.p95Ms,
          ackP99Ms: told.ack.p99Ms,
          visibleP50Ms: told.visible.p50Ms,
          visibleP95Ms: told.visible.p95Ms,
          visibleP99Ms: told.visible.p99Ms,
          snapshotsPerSecond: (snapshots - before.snapshots) / told.seconds,
          ...parts,
          ...(otherShare === undefined ? {} : { otherShare }),
        };
      } finally {
        await generator.end();
      }
    }),
  );
}

/** @throws Error unless a query finds exactly so many rows */
export async function requireRows(lake: Parameters<typeof queryRows>[0], expected: number): Promise<void> {
  const [[found] = []] = await queryRows(lake, "select count(*) from views");
  if (Number(found) !== expected) throw new Error(`${expected} events were accepted, a query finds ${String(found)}`);
}
