import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { freePort } from "../free-port.ts";
import { startProgram } from "./start-program.ts";

/** The product's worker, running. */
export interface RunningWorker {
  readonly pid: number;
  /** The value of a metric, with its labels as they are written; 0 where it has none yet. */
  metric(name: string): Promise<number>;
}

const readyPatienceMs = 20_000;

/** Runs `fn` with a worker as it is deployed, a process of its own whose log goes into the folder; what differs from the defaults is in `changes`. */
export async function withWorker<Result>(
  databaseUrl: string,
  folder: string,
  changes: Readonly<Record<string, string>>,
  fn: (worker: RunningWorker) => Promise<Result>,
): Promise<Result> {
  const port = await freePort();
  const env = {
    MILLRACE_PROFILE: "prod",
    MILLRACE_DATABASE_SSL: "disable",
    MILLRACE_WORKER_HEALTH_HOST: "127.0.0.1",
    MILLRACE_WORKER_HEALTH_PORT: String(port),
    MILLRACE_LAKE_CACHE_DIRECTORY: join(folder, "worker-cache"),
    DATABASE_URL: databaseUrl,
    ...changes,
  };
  const log = await open(join(folder, "worker.log"), "a");
  const worker = startProgram("apps/worker/src/main.ts", [], env, log.fd);
  try {
    const url = `http://127.0.0.1:${port}`;
    await awaitReady(url);
    return await fn({
      pid: worker.pid,
      async metric(name) {
        const text = await (await fetch(`${url}/metrics`)).text();
        const line = text.split("\n").find((one) => one.startsWith(`${name} `));
        return Number(line?.slice(name.length + 1) ?? 0);
      },
    });
  } finally {
    await worker.end();
    await log.close();
  }
}

async function awaitReady(url: string): Promise<void> {
  const endMs = performance.now() + readyPatienceMs;
  for (;;) {
    const answer = await fetch(`${url}/ready`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (performance.now() > endMs) throw new Error("The worker did not become ready");
    await delay(20);
  }
}
