import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { connectDirectly } from "@millrace/storage";

import type { ProcessHost } from "../processes/start-process.ts";
import { archiveAll, one, startArchived } from "./archived-postgres.ts";
import { backUp } from "./back-up.ts";
import { isSweeping, putOffPlans } from "./lake-state.ts";
import { age, maintain, objectsIn, orphansIn } from "./orphans.ts";
import { lakeOf, migrate, startProduct } from "./product.ts";
import { restore } from "./restore.ts";
import type { Steps } from "./steps.ts";
import { claimJobs, enqueueJobs, historyOf, look, makeTables, sendBatch, workOff } from "./traffic.ts";

const batch = 200;
const leaseMs = 2_000;

/**
 * Backs a working deployment up, goes back to a point in time between two ingests, and checks what users see then. PostgreSQL is restored from a base backup and its archived log;
 * the object store is the one that lived on. @throws at the first thing that is not as it has to be
 */
export async function runDrill(host: ProcessHost, steps: Steps): Promise<void> {
  const lake = lakeOf(host);
  const primary = await steps.run("start PostgreSQL with an archive of its log", () => startArchived(host.folder));
  await steps.run("migrate it", () => migrate(host, primary.url, "up"));
  await steps.run("put off the lake's daily upkeep, here and in what is restored", () => putOffPlans(primary.url));
  const before = await steps.run("start an API and a worker", () => startProduct(host, primary.url, "before"));
  const { client } = before;

  await steps.run("ingest, and finish jobs", async () => {
    await makeTables(client);
    await sendBatch(client, "first", batch);
    await enqueueJobs(client, "done", 20);
    await workOff(client);
  });
  const backup = join(host.folder, "backup");
  await steps.run("take a base backup while more is ingested", () =>
    Promise.all([backUp(primary, backup), sendBatch(client, "during", batch)]),
  );
  const [, { visibilityToken: kept }] = (await steps.run(
    "ingest more, and leave jobs waiting and running",
    async () => {
      await enqueueJobs(client, "waiting", 10);
      await claimJobs(client, 3, leaseMs);
      return sendBatch(client, "kept", batch);
    },
  )) as [unknown, { visibilityToken: string }];
  const then = await look(client);
  const { snapshotId } = await client.query("select 1 as one");
  const targetTime = await now(primary.url);

  // From here on is what the restore takes back.
  const [, { visibilityToken: lost }] = (await steps.run("ingest what will be lost, and merge files", async () => {
    const answers = await sendBatch(client, "lost", batch);
    await delay(leaseMs);
    await workOff(client);
    await enqueueJobs(client, "lost", 5);
    await maintain(client, "compact");
    return answers;
  })) as [unknown, { visibilityToken: string }];
  await steps.run("lose the server", async () => {
    await archiveAll(primary.url);
    await before.stop();
    await primary.stop({ mode: "immediate" });
  });

  const restored = await steps.run(`restore it to ${targetTime}`, () =>
    restore({ backup, archive: primary.archive, folder: host.folder, targetTime, url: primary.url }),
  );
  const [inRecovery, timeline] = await timelineOf(restored.url);
  steps.same("the restored server has left recovery, on a timeline of its own", [inRecovery, timeline], [false, 2]);
  await steps.run("tell it so: after-restore", () => migrate(host, restored.url, "after-restore"));
  steps.same("it has switched the deletion of objects off", await isSweeping(restored.url), false);
  // Before anybody writes: what is uploaded has no row yet.
  const orphans = await orphansIn(lake, restored.url);
  const objects = await objectsIn(lake);
  const after = await steps.run("start an API and a worker on it", () => startProduct(host, restored.url, "after"));

  steps.same("tables and jobs are those of the point", withoutLeases(await look(after.client)), withoutLeases(then));
  steps.same("so is the snapshot of then", (await look(after.client, { snapshotId })).tables, then.tables);
  for (const [name, minVisibilityToken] of Object.entries({ kept, lost })) {
    const options = { minVisibilityToken, consistencyTimeoutMs: 60_000 };
    const found = await (await after.client.query("select count(*)::integer as n from clicks", options)).all();
    steps.same(`a query with a token of the ${name} batch is answered with what is there`, found, [{ n: 3 * batch }]);
  }

  const worked = await steps.run("work those whose leases of then are over too", () => workOff(after.client, 10));
  steps.same("each job that had not ended is worked once more", new Set(worked).size, 10);
  const known = await enqueueJobs(after.client, "done", 20);
  steps.same("jobs of before are known by their keys", known.filter(({ duplicate }) => duplicate).length, 20);
  const again = await enqueueJobs(after.client, "lost", 5);
  steps.same("jobs that were lost can be enqueued again", again.filter(({ duplicate }) => duplicate).length, 0);
  await workOff(after.client);
  steps.same("every job is in the history once", await history(after.client, 35), { rows: 35, jobs: 35 });

  const counts = async (name: string) =>
    (await sendBatch(after.client, name, batch)).map(({ acceptedCount, duplicateCount }) => [
      acceptedCount,
      duplicateCount,
    ]);
  steps.same("events of before are known by their keys", await counts("kept"), [
    [0, batch],
    [0, batch],
  ]);
  steps.same("events that were lost are taken in again", await counts("lost"), [
    [batch, 0],
    [batch, 0],
  ]);
  steps.same("and are known from then on", await counts("lost"), [
    [0, batch],
    [0, batch],
  ]);
  const whole = await look(after.client);

  steps.same("the time that was lost has left objects that nobody knows", orphans.length > 0, true);
  const unswept = await maintain(after.client, "sweepOrphans");
  steps.same("nothing is deleted before all was checked", unswept["sweeping"], false);
  const checked = await maintain(after.client, "checkIntegrity");
  steps.same(
    "the check finds every file, and reads it",
    [checked["sweeping"], checked["filesRead"]],
    [true, checked["filesChecked"]],
  );
  await maintain(after.client, "sweepOrphans");
  steps.same("objects that nobody knows stay while they are young", await missing(lake, objects), []);
  const [young = "", ...old] = orphans;
  await age(lake, old, 25);
  const swept = await maintain(after.client, "sweepOrphans");
  steps.same("and go when they are old", [swept["sweeping"], swept["objectsDeleted"]], [true, old.length]);
  steps.same("no other object has gone", await missing(lake, objects), old);
  steps.same("the young one is there", (await orphansIn(lake, restored.url)).includes(young), true);
  await steps.run("check every file once more", () => maintain(after.client, "checkIntegrity"));
  steps.same("users see what they saw", await look(after.client), whole);
  await after.stop();
  await restored.stop();
}

/** A running job may be taken from its owner meanwhile: all that counts is that it has not ended. */
function withoutLeases({ tables, jobs }: Awaited<ReturnType<typeof look>>) {
  return { tables, jobs: jobs.map((job) => job.replace(/ (?:running|pending)$/, " open")) };
}

async function missing(lake: string, objects: readonly string[]): Promise<readonly string[]> {
  const there = new Set(await objectsIn(lake));
  return objects.filter((path) => !there.has(path));
}

/** Waits until so many jobs are in the history. */
async function history(client: Parameters<typeof historyOf>[0], jobs: number) {
  const deadlineMs = performance.now() + 60_000;
  for (;;) {
    const found = await historyOf(client);
    if (found.jobs >= jobs || performance.now() > deadlineMs) return found;
    await delay(200);
  }
}

async function now(url: string): Promise<string> {
  const connection = await connectDirectly({ url });
  try {
    // What was committed is before it, and what comes is after it, whatever clocks are worth.
    await delay(50);
    const { time } = await one<{ time: string }>(connection, "select clock_timestamp()::text as time");
    await delay(50);
    return time;
  } finally {
    await connection.close();
  }
}

async function timelineOf(url: string): Promise<readonly [boolean, number]> {
  const connection = await connectDirectly({ url });
  try {
    const { recovering, timeline } = await one<{ recovering: boolean; timeline: number }>(
      connection,
      "select pg_is_in_recovery() as recovering, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer as timeline",
    );
    return [recovering, timeline];
  } finally {
    await connection.close();
  }
}
