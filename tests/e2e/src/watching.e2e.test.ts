import { expect, test } from "vitest";

import { createClient } from "@millrace/client";

import { startApi } from "./processes/start-api.ts";
import { eventually } from "./testing/eventually.ts";
import { openStage } from "./testing/stage.ts";

test("events of a job go on over another process when theirs is killed: each attempt and log line once, none lost", async (context) => {
  const stage = await openStage(context);
  const { url: databaseUrl } = await stage.database();
  const first = await startApi(stage, { name: "api-1", databaseUrl });
  const second = await startApi(stage, { name: "api-2", databaseUrl });
  const { jobs, leases } = second.client();
  // A balancer that knows who lives.
  let target = first.url;
  const follower = createClient({
    baseUrl: "http://balancer",
    apiKey: "alpha-key",
    retriesMax: 1_000,
    fetch: (input, init) => fetch((input as string).replace("http://balancer", target), init),
  });
  const { id, queue } = await jobs.enqueue({
    type: "watched",
    queue: "watched",
    retry: { kind: "fixed", delayMs: 0 },
  });
  const claim = async () => {
    const { items } = await leases.claim({ queues: [queue], worker: "w", waitMs: 60_000 });
    return items[0]?.leaseToken ?? "";
  };
  const log = (leaseToken: string, message: string) => leases.progress([{ leaseToken, logs: [{ message }] }]);

  const told: string[] = [];
  const following = (async () => {
    for await (const { event, data } of follower.jobs.events(id)) {
      if (event === "log") told.push(data.message);
      else if (event === "attempt") told.push(`${data.attempt} ${data.outcome}`);
      else if (event === "end") told.push(String(data.status));
    }
  })();

  // Heard of in the end.
  following.catch(() => undefined);
  const one = await claim();
  await log(one, "heard");
  await eventually(() => told).toEqual(["heard"]);
  first.signal("SIGKILL");
  await first.exited;
  await log(one, "unheard");
  await leases.fail([{ leaseToken: one, message: "no" }]);
  const two = await claim();
  target = second.url;
  await log(two, "last");
  await leases.complete([{ leaseToken: two }]);
  await following;
  expect(told).toEqual(["heard", "unheard", "1 failed", "last", "2 completed", "completed"]);
});
