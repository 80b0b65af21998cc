import { afterAll, beforeAll, expect, test } from "vitest";

import { maintenanceTypes } from "@millrace/contract";
import { createDatabaseClock, createPostgresLakeUpkeep, createPostgresTableStore } from "@millrace/storage";
import { addTable, newJob } from "@millrace/storage/testing";

import { createWorkerRig, testMetrics, type WorkerRig } from "../testing/worker-rig.ts";
import type { HandlerContext } from "../worker/handler.ts";
import { createMaintenanceJobs } from "./jobs.ts";

let rig: WorkerRig;
beforeAll(async () => {
  rig = await createWorkerRig();
  const tables = createPostgresTableStore(rig.database);
  await addTable(tables, { tenantId: "keeps all" });
  await addTable(tables, { tenantId: "keeps a day", retentionDays: 1 });
});
afterAll(() => rig.close());

test.each([
  ["compaction", "keeps all", "compact"],
  ["retention", "keeps a day", "retain"],
  ["retention", "keeps all", "endDropped"],
  ["expiry", "keeps all", "expire"],
  ["orphans", "keeps all", "sweep"],
  ["integrity", "keeps all", "check"],
] as const)(
  "%s of a tenant that %s, once aborted, doesn't wait for a store that never answers",
  async (kind, tenantId, step) => {
    const { database: db, store } = rig;
    const begun = Promise.withResolvers<string>();
    const hang = (name: string) => () => {
      begun.resolve(name);
      return new Promise<never>(() => undefined);
    };
    const maintainer = {
      compact: hang("compact"),
      retain: hang("retain"),
      endDropped: hang("endDropped"),
      expire: hang("expire"),
      sweep: hang("sweep"),
      check: hang("check"),
      close: () => Promise.resolve(),
    };
    const tables = createPostgresTableStore(db);
    const upkeep = createPostgresLakeUpkeep(db);
    const jobs = createMaintenanceJobs({
      maintainer,
      upkeep,
      tables,
      clock: createDatabaseClock(db),
      metrics: testMetrics(),
    });
    const definition = jobs.find(({ type }) => type === maintenanceTypes[kind]);
    const { job } = await store.createJob(newJob({ tenantId }));
    const abort = new AbortController();
    const done = Promise.resolve(definition?.handler(contextOf({ job, payload: {}, signal: abort.signal })));
    expect(await begun.promise).toBe(step);
    abort.abort();
    await expect(done).rejects.toBe(abort.signal.reason);
  },
);

/** The rest of a context is not looked at by these handlers. */
function contextOf(part: Pick<HandlerContext<unknown>, "job" | "payload" | "signal">): HandlerContext<unknown> {
  return part as HandlerContext<unknown>;
}
