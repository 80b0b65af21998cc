import { spawn } from "node:child_process";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Binaries } from "./binaries.ts";
import type { Layout } from "./cluster.ts";
import type { Identity } from "./identity.ts";
import { findServer, parentOf } from "./process-table.ts";
import { refusal, refuseStart, refuseUsed } from "./refusal.ts";
import { serverEnvironment } from "./server-environment.ts";

/** `fast` breaks off what is under way and shuts down cleanly; `immediate` stops like a power cut, so the next start recovers. */
export type StopMode = "fast" | "immediate";

export interface Postmaster {
  readonly pid: number;
  /** Resolves when the server is gone, whoever ended it. */
  readonly exited: Promise<void>;
  stop(mode: StopMode): Promise<void>;
  /** Kills the server's main process; its children end by themselves. */
  kill(): Promise<void>;
}

const pollMs = 15;
const startTimeoutMs = 60_000;
const sharedMemoryWaitMs = 15_000;
const signals = { fast: "SIGINT", immediate: "SIGQUIT" } as const;
const stopTimeoutMs = 20_000;

export interface PostmasterOptions {
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** Starts the server and waits until it takes connections, recovery included. @throws UNAVAILABLE with a sentence */
export async function startPostmaster(
  layout: Layout,
  binaries: Binaries,
  identity: Identity,
  options: PostmasterOptions,
): Promise<Postmaster> {
  const giveUpMs = performance.now() + sharedMemoryWaitMs;
  for (;;) {
    const started = await startOnce(layout, binaries, identity, options);
    if (typeof started !== "string") return started;
    // The children of a killed server need a moment to notice; only then is its memory free.
    if (!started.includes("pre-existing shared memory block") || performance.now() > giveUpMs) {
      throw refuseStart(layout.dataDir, options.port, started);
    }
    await delay(200);
  }
}

/** The running server, or what a server that didn't start wrote to its log. */
async function startOnce(
  layout: Layout,
  binaries: Binaries,
  identity: Identity,
  { port, settings }: PostmasterOptions,
): Promise<Postmaster | string> {
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
  const args = [
    "-D",
    layout.cluster,
    "-p",
    String(port),
    ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  const [command = binaries.postgres, ...rest] = [...identity.prefix, binaries.postgres, ...args];
  await writeFile(layout.ownerFile, String(process.pid));
  const log = await open(layout.logFile, "w");
  const child = spawn(command, rest, {
    ...identity.spawn,
    cwd: "/",
    env: serverEnvironment,
    stdio: ["ignore", log.fd, log.fd],
    // A session of its own: Ctrl-C in the terminal is for us, who stop the server last.
    detached: true,
  });
  const { promise: exited, resolve: exit } = Promise.withResolvers<void>();
  let isGone = false;
  const gone = (): void => {
    isGone = true;
    exit();
  };
  child.once("exit", gone);
  child.once("error", gone);
  await log.close();

  const giveUpMs = performance.now() + startTimeoutMs;
  while (!isGone && !(await isReady(layout, child.pid))) {
    if (performance.now() > giveUpMs) {
      child.kill("SIGQUIT");
      await exited;
      throw refusal(
        `The database in ${layout.dataDir} was not ready after ${startTimeoutMs / 1_000} seconds; its log is ${layout.logFile}.`,
      );
    }
    await Promise.race([exited, delay(pollMs)]);
  }
  if (isGone || child.pid === undefined) return readFile(layout.logFile, "utf8");
  // The server must not keep a process alive that has nothing else to do.
  child.unref();

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.ref();
    if (!isGone) child.kill(signal);
    await exited;
  };
  return {
    pid: child.pid,
    exited,
    async stop(mode) {
      const impatience = setTimeout(() => child.kill("SIGQUIT"), stopTimeoutMs);
      await end(signals[mode]);
      clearTimeout(impatience);
      await rm(layout.ownerFile, { force: true });
    },
    kill: () => end("SIGKILL"),
  };
}

/** The server writes its state to the last line of its lock file. */
async function isReady({ cluster }: Layout, pid: number | undefined): Promise<boolean> {
  const lines = (await readLock(cluster))?.split("\n");
  return lines !== undefined && Number(lines[0]) === pid && lines[7]?.trim() === "ready";
}

async function readLock(cluster: string): Promise<string | undefined> {
  return readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => undefined);
}

/**
 * Makes sure that no server runs on the data folder. One whose owner lives is left alone; one left behind by a killed owner is stopped.
 * @throws UNAVAILABLE with a sentence when the folder is in use
 */
export async function stopOrphan(layout: Layout): Promise<void> {
  const pid = Number((await readLock(layout.cluster))?.split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !(await findServer(pid, layout.cluster))) return;
  const owner = Number(await readFile(layout.ownerFile, "utf8").catch(() => "0"));
  if (owner > 0 && (await parentOf(pid)) === owner) {
    throw refuseUsed(layout.dataDir, owner);
  }
  process.kill(pid, "SIGINT");
  const giveUpMs = performance.now() + stopTimeoutMs;
  while (await findServer(pid, layout.cluster)) {
    if (performance.now() > giveUpMs) {
      throw refusal(
        `A server left behind on the data folder ${layout.dataDir} (process ${pid}) does not stop. Stop it by hand.`,
      );
    }
    await delay(pollMs);
  }
}
