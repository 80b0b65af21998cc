import { join } from "node:path";

import { expect, test } from "vitest";

import { startApi } from "./processes/start-api.ts";
import { startMigrator } from "./processes/start-migrator.ts";
import { startPgBouncer } from "./processes/start-pgbouncer.ts";
import { startWorker } from "./processes/start-worker.ts";
import { finished } from "./testing/observe.ts";
import { recordedTypes } from "./testing/recorded-types.ts";
import { openStage } from "./testing/stage.ts";

const [type] = recordedTypes;

test.for([
  { way: "with notifications past it, by the direct URL", hasDirectUrl: true },
  { way: "with polling, where there is no way past it", hasDirectUrl: false },
])("behind PgBouncer in transaction mode jobs run and events are queried, $way", async ({ hasDirectUrl }, context) => {
  const stage = await openStage(context);
  const { url: directUrl } = await stage.database({ migrate: false });
  const { url: databaseUrl } = stage.own(await startPgBouncer(stage.folder, directUrl));
  expect(await startMigrator(stage, directUrl).exited).toEqual({ code: 0, signal: null });

  const envOf = (name: string) => ({
    // This PgBouncer is older than 1.21, which keeps prepared statements.
    MILLRACE_DATABASE_PREPARE: "false",
    ...(hasDirectUrl ? { MILLRACE_DATABASE_DIRECT_URL: directUrl } : {}),
    MILLRACE_WORKER_MATERIALISE: "true",
    MILLRACE_LAKE_PATH: join(stage.folder, "lake"),
    MILLRACE_LAKE_CACHE_DIRECTORY: join(stage.folder, "cache", name),
    MILLRACE_QUERY_QUEUE_TIMEOUT_MS: "60s",
  });
  const [api] = await Promise.all([
    startApi(stage, { databaseUrl, env: envOf("api") }),
    startWorker(stage, { databaseUrl, name: "worker-1", env: envOf("worker-1") }),
    startWorker(stage, { databaseUrl, name: "worker-2", env: envOf("worker-2") }),
  ]);
  const client = api.client();

  const jobs = Array.from({ length: 200 }, (_, n) => ({ type, idempotencyKey: `job-${n}` }));
  const ids = (await Promise.all(jobs.map((job) => client.jobs.enqueue(job)))).map(({ id }) => id);
  const ends = await Promise.all(ids.map((id) => finished(client, id)));
  expect(ends.every(({ status, attempts }) => status === "completed" && attempts === 1)).toBe(true);

  await client.tables.create({ name: "clicks", columns: [{ name: "n", type: "int64" }] });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, batch) =>
      client.ingest(
        "clicks",
        Array.from({ length: 50 }, (_event, n) => ({ payload: { n: batch * 50 + n } })),
      ),
    ),
  );
  for (const { visibilityToken } of [answers[0]!, answers.at(-1)!]) {
    const waiting = { minVisibilityToken: visibilityToken ?? "", consistencyTimeoutMs: 60_000 };
    await client.query("select 1 as one", waiting).then((rows) => rows.all());
  }
  await client.ingest("clicks", [{ payload: { n: 1_000 } }], { waitForVisibility: true, visibilityTimeoutMs: 60_000 });
  const rows = await client.query("select count(*)::int as events, count(distinct n)::int as numbers from clicks");
  expect(await rows.all()).toEqual([{ events: 1_001, numbers: 1_001 }]);
});
