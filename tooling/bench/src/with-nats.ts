import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { freePort } from "./free-port.ts";

/** A NATS server that exists for one measurement. */
export interface BenchNats {
  readonly url: string;
  readonly pid: number;
}

const patienceMs = 20_000;

/** The path and version of a `nats-server`: `TEST_NATS_SERVER`, on the path, or fetched by tooling/nats/fetch-server.sh; undefined where there is none. */
export function findNats(): { readonly path: string; readonly version: string } | undefined {
  const { env } = process;
  const cache = env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const fetched = join(cache, "millrace", "nats-server", "usr/sbin/nats-server");
  for (const path of [env["TEST_NATS_SERVER"] ?? "nats-server", fetched]) {
    const { stdout, error } = spawnSync(path, ["--version"], { encoding: "utf8" });
    const version = error === undefined ? /(\d+\.\d+\.\d+)/.exec(stdout)?.[1] : undefined;
    if (version !== undefined) return { path, version };
  }
  return undefined;
}

/** Runs `fn` on one server with an empty JetStream on disk, all else stock; removed afterwards. @throws Error where there is no program */
export async function withNats<Result>(fn: (nats: BenchNats) => Promise<Result>): Promise<Result> {
  const program = findNats();
  if (program === undefined) throw new Error("There is no nats-server; tooling/nats/fetch-server.sh fetches one.");
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-nats-"));
  const [port, monitor] = [await freePort(), await freePort()];
  const config = join(folder, "nats.conf");
  const lines = [
    `listen: "127.0.0.1:${port}"`,
    `http: "127.0.0.1:${monitor}"`,
    `jetstream { store_dir: "${join(folder, "data")}", max_file: 16G }`,
  ];
  await writeFile(config, lines.join("\n"));
  const server = spawn(program.path, ["-c", config], { stdio: "ignore" });
  const exited = once(server, "exit");
  const kill = () => void server.kill("SIGKILL");
  process.once("exit", kill);
  try {
    await awaitHealthy(`http://127.0.0.1:${monitor}/healthz`);
    return await fn({ url: `nats://127.0.0.1:${port}`, pid: server.pid ?? 0 });
  } finally {
    kill();
    await exited;
    process.off("exit", kill);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function awaitHealthy(url: string): Promise<void> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return;
    if (performance.now() > endMs) throw new Error("NATS does not serve");
    await delay(20);
  }
}
