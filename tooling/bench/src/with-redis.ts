import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { Redis } from "ioredis";

import { freePort } from "./free-port.ts";

/** A Redis that exists for one measurement. */
export interface BenchRedis {
  readonly url: string;
  readonly pid: number;
}

/** The version of the `redis-server` on the path; undefined where there is none. */
export function redisVersion(): string | undefined {
  const { stdout, error } = spawnSync("redis-server", ["--version"], { encoding: "utf8" });
  return error === undefined ? /v=(\S+)/.exec(stdout)?.[1] : undefined;
}

/** Every write is on disk before it is answered, as a commit of PostgreSQL is; all else is stock. */
const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];

/** Runs `fn` on an empty Redis of its own, which is removed afterwards. */
export async function withRedis<Result>(fn: (redis: BenchRedis) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-redis-"));
  const port = await freePort();
  const place = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder];
  const server = spawn("redis-server", [...place, ...durable], { stdio: "ignore" });
  try {
    const url = `redis://127.0.0.1:${port}`;
    await ping(url);
    return await fn({ url, pid: server.pid ?? 0 });
  } finally {
    const exited = once(server, "exit");
    server.kill();
    await exited;
    await rm(folder, { recursive: true, force: true });
  }
}

async function ping(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: 200 });
  client.on("error", () => {});
  await client.ping();
  client.disconnect();
  await delay(0);
}
