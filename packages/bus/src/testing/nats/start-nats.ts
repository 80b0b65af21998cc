import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { freePort } from "@millrace/storage/testing";

import { findNatsServer, noNatsServer } from "./find-server.ts";

/** Servers that exist for one test, with JetStream on disk. */
export interface TestNats {
  /** Addresses of all of them. */
  readonly servers: readonly string[];
  readonly version: string;
  /** Ends the server of this number, counted from zero, at once. */
  kill(server: number): Promise<void>;
  /** Starts it again on what it has on disk, and waits until it serves. */
  revive(server: number): Promise<void>;
  /** Remembers what a server has on disk; what is answered takes it back to that, as a power failure does. */
  remember(server: number): Promise<() => Promise<void>>;
  /** Ends all, and removes what they have on disk. */
  stop(): Promise<void>;
}

const startMaxMs = 60_000;
const pollMs = 50;
/** Runs a server until its standard input ends, then kills it: a test run that is cut off leaves none behind. */
const leashed = `"$0" "$@" & read -r _; kill -9 $!; wait`;

/** Starts one server, or a cluster of several. @throws where there is no program */
export async function startNats({ servers: count = 1 }: { readonly servers?: number } = {}): Promise<TestNats> {
  const program = findNatsServer();
  if (program === undefined) throw new Error(noNatsServer);
  const folder = await mkdtemp(join(tmpdir(), "millrace-nats-"));
  const ports: number[] = [];
  while (ports.length < count * 3) ports.push(await freePort());
  const portsOf = (server: number) => ports.slice(server * 3, server * 3 + 3) as [number, number, number];
  const routes = Array.from({ length: count }, (_, server) => `nats://127.0.0.1:${portsOf(server)[2]}`);
  const running = new Map<number, ChildProcess>();

  async function start(server: number): Promise<void> {
    const [client, monitor, cluster] = portsOf(server);
    const lines = [
      `server_name: n${server}`,
      `listen: "127.0.0.1:${client}"`,
      `http: "127.0.0.1:${monitor}"`,
      `jetstream { store_dir: "${join(folder, String(server))}", max_mem: 256M, max_file: 8G }`,
      ...(count === 1
        ? []
        : [
            `cluster { name: test, listen: "127.0.0.1:${cluster}", routes: [${routes.map((route) => `"${route}"`).join(", ")}] }`,
          ]),
    ];
    const config = join(folder, `${server}.conf`);
    await writeFile(config, lines.join("\n"));
    const args = ["-c", config, "-l", join(folder, `${server}.log`)];
    const child = spawn("sh", ["-c", leashed, program?.path ?? "", ...args], { stdio: ["pipe", "ignore", "ignore"] });
    running.set(server, child);
  }

  async function end(server: number): Promise<void> {
    const child = running.get(server);
    if (child === undefined) return;
    running.delete(server);
    const exited = once(child, "exit");
    child.stdin?.end();
    await exited;
  }

  async function untilServing(): Promise<void> {
    const deadlineMs = performance.now() + startMaxMs;
    while (!(await areServing())) {
      if (performance.now() > deadlineMs) {
        const log = await readFile(join(folder, "0.log"), "utf8").catch(() => "");
        throw new Error(`NATS does not serve:\n${log.slice(-2_000)}`);
      }
      await delay(pollMs);
    }
  }

  async function areServing(): Promise<boolean> {
    const healths = await Promise.all([...running.keys()].map((server) => ask(portsOf(server)[1], "/healthz")));
    if (healths.includes(undefined)) return false;
    if (count === 1) return true;
    const [first] = running.keys();
    const state = (await ask(portsOf(first ?? 0)[1], "/jsz")) as {
      readonly meta_cluster?: { readonly leader?: string };
    };
    return (state.meta_cluster?.leader ?? "") !== "";
  }

  async function stop(): Promise<void> {
    await Promise.all([...running.keys()].map(end));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  try {
    for (let server = 0; server < count; server++) await start(server);
    await untilServing();
  } catch (error) {
    await stop();
    throw error;
  }
  async function revive(server: number): Promise<void> {
    await start(server);
    await untilServing();
  }

  return {
    servers: Array.from({ length: count }, (_, server) => `nats://127.0.0.1:${portsOf(server)[0]}`),
    version: program.version,
    kill: end,
    revive,
    async remember(server) {
      const store = join(folder, String(server));
      const copy = `${store}-remembered`;
      await end(server);
      await cp(store, copy, { recursive: true });
      await revive(server);
      return async () => {
        await end(server);
        await rm(store, { recursive: true });
        await cp(copy, store, { recursive: true });
        await rm(copy, { recursive: true });
        await revive(server);
      };
    },
    stop,
  };
}

async function ask(port: number, path: string): Promise<unknown> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}
