import { expect, test } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";

const { api, key } = await apiOfFile();

const write = (verb: string, item: object) => api.ask(`POST /v1/leases/${verb}`, { key, body: { items: [item] } });

async function leased(): Promise<string> {
  await api.ask("POST /v1/jobs", { key, body: { type: "t", queue: "counted" } });
  const { json } = await api.ask("POST /v1/leases/claim", { key, body: { queues: ["counted"], worker: "w" } });
  const [{ leaseToken }] = json.items as unknown as readonly [{ readonly leaseToken: string }];
  return leaseToken;
}

test("jobs that are worked over HTTP are in the metrics: how long they waited, and how their attempts ended", async () => {
  const completed = await leased();
  await write("complete", { leaseToken: completed, result: 1 });
  await write("complete", { leaseToken: completed, result: 2 });
  await write("fail", { leaseToken: await leased(), message: "m", retryAfterMs: 600_000 });
  await write("fail", { leaseToken: await leased(), message: "m", retryable: false });
  await write("snooze", { leaseToken: await leased(), delayMs: 600_000 });
  await write("release", { leaseToken: await leased() });
  const { text } = await api.ask("GET /v1/metrics");
  const settled = [...text.matchAll(/^millrace_leases_settled_total\{outcome="(\w+)"\} (\d+)$/gm)];
  expect(settled.map(([, outcome, count]) => `${outcome} ${count}`).toSorted()).toEqual([
    "completed 1",
    "dead 1",
    "released 1",
    "retried 1",
    "snoozed 1",
  ]);
  expect(text).toMatch(/^millrace_lease_lost_total 1$/m);
  expect(text).toMatch(/^millrace_job_wait_seconds_count\{queue="counted"\} 5$/m);
});
