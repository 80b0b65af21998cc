import { setTimeout as delay } from "node:timers/promises";

import { startMeter } from "../../meter.ts";
import type { Values } from "../../queues/values.ts";
import { startRemote } from "../../remote.ts";
import type { SteadyLoadVerbs } from "../../steady-load/main.ts";
import { watched } from "../../watched.ts";
import type { BenchPostgres } from "../../with-postgres.ts";
import type { LakeStorage } from "../storage.ts";
import { awaitVisible, readLag, startLakeMeter, withLake } from "../with-lake.ts";
import { requireRows } from "./rate.ts";

const rampMs = 2_000;
/** Whoever sends faster than is written waits, so that what is measured is what is sustained. */
const backlogMax = 100_000;
const connections = 4;
const batch = 1_000;

/** Sends as fast as events become visible, and measures how fast that is: by the watermark, not by what was accepted. */
export function measureCeiling(postgres: BenchPostgres, storage: LakeStorage, seconds: number): Promise<Values> {
  return withLake(postgres, storage, (lake) =>
    lake.withWorker({}, async (worker) => {
      const generator = startRemote<SteadyLoadVerbs>("steady-load/main.ts");
      try {
        const { api, headers } = lake;
        const load = { url: api.ingestUrl, headers, batch, connections, lagUrl: `${api.url}/v1/lag`, backlogMax };
        const flooding = watched(generator.call("flood", { ...load, seconds: seconds + (2 * rampMs) / 1_000 }));
        await delay(rampMs);
        const readParts = await startLakeMeter(postgres, api.pid, worker.pid);
        const read = startMeter({
          server: [postgres.pid],
          clients: [api.pid, worker.pid],
          generators: [generator.pid],
        });
        const before = await readLag(lake);
        await delay(seconds * 1_000);
        const after = await readLag(lake);
        const cost = read();
        const events = after.watermark - before.watermark;
        const parts = await readParts(events);
        const told = await flooding;
        await awaitVisible(lake);
        await requireRows(lake, told.events);
        return {
          events,
          perSecond: events / cost.seconds,
          backlog: after.head - after.watermark,
          ackP50Ms: told.ack.p50Ms,
          ackP95Ms: told.ack.p95Ms,
          ackP99Ms: told.ack.p99Ms,
          ...parts,
          ...(cost.otherShare === undefined ? {} : { otherShare: cost.otherShare }),
        };
      } finally {
        await generator.end();
      }
    }),
  );
}
