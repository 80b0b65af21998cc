import { randomBytes } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startEmbedded } from "../embedded.ts";
import type { EmbeddedOptions, EmbeddedPostgres } from "../embedded.ts";
import { layoutOf } from "../embedded/cluster.ts";
import { stopOrphan } from "../embedded/postmaster.ts";
import { isProcessAlive } from "./is-process-alive.ts";

/** An embedded server in a temporary folder that a test may stop, kill and start as it likes. */
export interface TestServer extends EmbeddedPostgres {
  /** Stops the server and removes its folder. */
  remove(): Promise<void>;
}

const removeAttemptsMax = 800;
const removeEveryMs = 25;
const folderName = /^millrace-test-(?<pid>\d+)-/;
const settings = { max_connections: "300", shared_buffers: "64MB", autovacuum_naptime: "10s" };

/**
 * Starts a server that is gone when this process is: at its end, on Ctrl-C, or (after a kill) when the next one starts.
 * It gives durability against power cuts up for speed; a killed server still recovers all that it has committed.
 */
export async function startTestServer(options: Pick<EmbeddedOptions, "settings" | "port"> = {}): Promise<TestServer> {
  await removeLeftovers();
  const dataDir = join(tmpdir(), `millrace-test-${process.pid}-${randomBytes(6).toString("hex")}`);
  const forgetFolder = removeAtExit(dataDir);
  const server = await startEmbedded({
    dataDir,
    port: options.port,
    durable: false,
    database: "postgres",
    settings: { ...settings, ...options.settings },
  });
  const { url, port } = server;
  const forgetServer = killAtExit(() => server.pid);
  return {
    url,
    port,
    get pid() {
      return server.pid;
    },
    start: () => server.start(),
    stop: (stopOptions) => server.stop(stopOptions),
    restart: (restartOptions) => server.restart(restartOptions),
    kill: () => server.kill(),
    async remove() {
      await server.stop({ mode: "immediate" });
      await rm(dataDir, { recursive: true, force: true });
      forgetServer();
      forgetFolder();
    },
  };
}

// Each handler goes in front of those before it, so the server ends before its folder goes.
function killAtExit(pid: () => number): () => void {
  return atExit(() => {
    if (pid() > 0) process.kill(pid(), "SIGQUIT");
  });
}

function removeAtExit(dataDir: string): () => void {
  return atExit(() => {
    // The server still makes and removes files of its own for a moment.
    for (let attempt = 1; attempt < removeAttemptsMax && !isRemoved(dataDir); attempt++) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, removeEveryMs);
    }
  });
}

function isRemoved(dataDir: string): boolean {
  try {
    rmSync(dataDir, { recursive: true, force: true });
  } catch {
    // Not empty yet.
  }
  return !existsSync(dataDir);
}

function atExit(run: () => void): () => void {
  process.prependListener("exit", run);
  const signals = [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const;
  const undo = signals.map(([signal, code]) => {
    // A signal ends a process without its exit handlers, unless somebody listens; if another listener is there, it decides.
    const exit = (): void => {
      if (process.listenerCount(signal) === 0) process.exit(code);
    };
    process.once(signal, exit);
    return () => process.removeListener(signal, exit);
  });
  return () => {
    process.removeListener("exit", run);
    for (const remove of undo) remove();
  };
}

/** Stops and removes what killed test runs left behind. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(folderName.exec(name)?.groups?.["pid"] ?? Number.NaN);
    if (Number.isNaN(pid) || isProcessAlive(pid)) continue;
    const dataDir = join(tmpdir(), name);
    await stopOrphan(layoutOf(dataDir));
    await rm(dataDir, { recursive: true, force: true });
  }
}
