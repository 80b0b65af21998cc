import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { up } from "@millrace/storage/migrate";

import { freePort } from "../free-port.ts";
import { startProgram } from "./start-program.ts";

/** The product's HTTP API, running. */
export interface RunningApi {
  readonly url: string;
  /** An API key with all scopes. */
  readonly key: string;
  readonly pid: number;
}

const readyPatienceMs = 20_000;

/**
 * Runs `fn` with the API as it is deployed: a process of its own, the production profile, keys from the database, a log line for every request
 * (into a file). What differs from the defaults is what an address and folders on this machine need, and what `changes` say.
 */
export async function withApi<Result>(
  databaseUrl: string,
  fn: (api: RunningApi) => Promise<Result>,
  changes: Readonly<Record<string, string>> = {},
): Promise<Result> {
  await up({ url: databaseUrl });
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-api-"));
  const env = {
    MILLRACE_PROFILE: "prod",
    MILLRACE_DATABASE_SSL: "disable",
    MILLRACE_SERVER_PORT: String(port),
    MILLRACE_SERVER_DRAIN_DELAY_MS: "0",
    MILLRACE_LAKE_PATH: join(folder, "lake"),
    MILLRACE_LAKE_CACHE_DIRECTORY: join(folder, "cache"),
    DATABASE_URL: databaseUrl,
    ...changes,
  };
  const key = await startProgram("apps/api/src/create-key.ts", ["--name", "bench"], env, "pipe").output();
  const log = await open(join(folder, "api.log"), "w");
  const api = startProgram("apps/api/src/main.ts", [], env, log.fd);
  try {
    const url = `http://127.0.0.1:${port}`;
    await awaitReady(url);
    return await fn({ url, key: key.trim(), pid: api.pid });
  } finally {
    await api.end();
    await log.close();
    await rm(folder, { recursive: true });
  }
}

async function awaitReady(url: string): Promise<void> {
  const endMs = performance.now() + readyPatienceMs;
  for (;;) {
    const answer = await fetch(`${url}/v1/ready`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (performance.now() > endMs) throw new Error("The API did not become ready");
    await delay(20);
  }
}
