import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { afterEach, expect, test } from "vitest";

import { createPostgresScheduleStore } from "@millrace/storage";
import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

const program = fileURLToPath(new URL("testing/ticker-process.ts", import.meta.url));
const children = new Set<ChildProcess>();
let fixture: TestDatabase | undefined;

afterEach(async () => {
  for (const child of children) {
    const gone = once(child, "exit");
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await gone;
  }
  children.clear();
  await fixture?.close();
});

interface Said {
  readonly event: "started" | "freezing" | "thawed";
  readonly fired?: number | null;
}

async function startTicker(url: string, freezeBeforeTick?: number) {
  const child = fork(program, {
    execArgv: ["--conditions=@millrace/source", "--disable-warning=ExperimentalWarning"],
    env: { DATABASE_URL: url, ...(freezeBeforeTick && { FREEZE_BEFORE_TICK: String(freezeBeforeTick) }) },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  children.add(child);
  const said: Said[] = [];
  child.on("message", (message) => said.push(message as Said));
  const until = (event: Said["event"]) =>
    expect.poll(() => said.find((one) => one.event === event), { timeout: 60_000 }).toBeDefined();
  await until("started");
  return { child, until, said: (event: Said["event"]) => said.find((one) => one.event === event) };
}

test(
  "five schedulers, of which one is frozen with a tick in its hands and one is killed, enqueue exactly one job a tick",
  { timeout: 300_000 },
  async () => {
    fixture = await testDatabase();
    const { database, url } = fixture;
    const store = createPostgresScheduleStore(database);
    const frozen = await startTicker(url, 2);
    const [doomed, ...others] = await Promise.all(Array.from({ length: 4 }, () => startTicker(url)));

    const { now } = await store.findSchedule({ tenantId: "t", name: "s" });
    const first = new Date(Math.ceil(now.getTime() / 1_000) * 1_000);
    await store.createSchedule({
      tenantId: "t",
      name: "s",
      cron: "* * * * * *",
      timeZone: "Europe/Berlin",
      // Whatever the machine is busy with, no tick may be left out.
      misfirePolicy: "all",
      paused: false,
      queue: "q",
      type: "t",
      job: { payload: {}, priority: 0, maxAttempts: 1, tags: [] },
      nextAt: first,
    });

    const ticks = async () =>
      (
        await database.query<{ at: Date }>({
          name: "ticks",
          text: "select scheduled_at as at from millrace.jobs where tenant_id = 't' order by scheduled_at",
        })
      ).map(({ at }) => (at.getTime() - first.getTime()) / 1_000);
    const untilTicks = (count: number) =>
      expect.poll(async () => (await ticks()).length, { timeout: 60_000, interval: 100 }).toBeGreaterThanOrEqual(count);

    await frozen.until("freezing");
    await untilTicks(3);
    doomed?.child.kill("SIGKILL");
    await untilTicks(6);
    // The frozen one goes on with a tick that others have fired long ago.
    frozen.child.kill("SIGCONT");
    await frozen.until("thawed");
    expect(frozen.said("thawed")?.fired).toBeNull();
    await untilTicks(7);
    for (const { child } of others) child.kill("SIGKILL");
    // The one that was frozen alone goes on.
    await untilTicks((await ticks()).length + 2);
    const seen = await ticks();
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i));
  },
);
