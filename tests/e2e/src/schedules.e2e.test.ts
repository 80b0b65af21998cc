import { expect, test } from "vitest";

import type { JobJson, PutScheduleRequest } from "@millrace/client";

import { startApi } from "./processes/start-api.ts";
import { startWorker } from "./processes/start-worker.ts";
import { eventually } from "./testing/eventually.ts";
import { finished } from "./testing/observe.ts";
import { recordedTypes } from "./testing/recorded-types.ts";
import { openStage } from "./testing/stage.ts";

const [type] = recordedTypes;
const secondMs = 1_000;

test("a schedule of every second runs once a second through APIs and workers that come and go, until it is paused", async (context) => {
  const stage = await openStage(context);
  const { url: databaseUrl } = await stage.database();
  const [api, spare] = await Promise.all(["api-1", "api-2"].map((name) => startApi(stage, { name, databaseUrl })));
  const [, doomed] = await Promise.all(
    ["worker-1", "worker-2"].map((name) => startWorker(stage, { name, databaseUrl })),
  );
  const client = api!.client();
  const schedule: PutScheduleRequest = {
    cron: "* * * * * *",
    timeZone: "Europe/Berlin",
    misfirePolicy: "all",
    job: { type, payload: { runMs: 1 }, tags: ["beat"] },
  };
  const made = await client.schedules.create({ name: "every/second", ...schedule });
  const runs = async (): Promise<readonly JobJson[]> =>
    (await client.jobs.list({ tag: "schedule:every/second", limit: 500 })).items.toReversed();

  await eventually(async () => (await runs()).length).toBeGreaterThanOrEqual(3);
  doomed!.signal("SIGKILL");
  spare!.signal("SIGTERM");
  const { length: seen } = await runs();
  await eventually(async () => (await runs()).length).toBeGreaterThanOrEqual(seen + 3);
  expect((await client.schedules.get("every/second")).nextRuns).toHaveLength(5);

  const paused = await client.schedules.put("every/second", { ...schedule, paused: true });
  expect(paused).toMatchObject({ paused: true, nextRunAt: null, lastError: null });
  const all = await runs();
  const first = Date.parse(made.nextRunAt ?? "");
  expect(all.map(({ scheduledAt }) => Date.parse(scheduledAt))).toEqual(all.map((_, i) => first + i * secondMs));
  expect(paused.lastJobId).toBe(all.at(-1)?.id);
  for (const { id } of all) {
    expect(await finished(client, id)).toMatchObject({ status: "completed", tags: ["beat", "schedule:every/second"] });
  }

  const extra = await client.schedules.run("every/second");
  expect(await finished(client, extra.id)).toMatchObject({ status: "completed" });
  expect(await runs()).toHaveLength(all.length + 1);
  await client.schedules.delete("every/second");
  expect((await client.schedules.list()).items).toEqual([]);
  expect(await client.schedules.preview({ cron: "@yearly", from: "2026-06-01T00:00:00Z", count: 1 })).toEqual([
    "2027-01-01T00:00:00.000Z",
  ]);
});
