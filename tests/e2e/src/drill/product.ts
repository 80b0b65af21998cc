import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { MillraceClient } from "@millrace/client";

import { patientEnv } from "../processes/patient.ts";
import { startApi } from "../processes/start-api.ts";
import { startMigrator } from "../processes/start-migrator.ts";
import { type ProcessHost, type RunningProcess, startProcess } from "../processes/start-process.ts";

/** An API and a worker that carries events into the lake, as they run in production. */
export interface Product {
  readonly client: MillraceClient;
  /** Stops both and waits until they have ended. */
  stop(): Promise<void>;
}

/** Starts both on a database, and on the lake in the drill's folder. */
export async function startProduct(host: ProcessHost, databaseUrl: string, name: string): Promise<Product> {
  const envOf = (process: string) => ({
    MILLRACE_LAKE_PATH: lakeOf(host),
    MILLRACE_LAKE_CACHE_DIRECTORY: join(host.folder, "cache", `${name}-${process}`),
    MILLRACE_LAKE_HISTORY_FLUSH_MS: "200ms",
    // So that the few files of a drill are worth merging.
    MILLRACE_LAKE_COMPACTION_TIER_RATIO: "2",
  });
  await mkdir(lakeOf(host), { recursive: true });
  const api = await startApi(host, { databaseUrl, name: `${name} api`, env: envOf("api") });
  const worker = host.keep(
    startProcess({
      name: `${name} worker`,
      program: "apps/worker/src/main.ts",
      cwd: host.folder,
      env: {
        MILLRACE_PROFILE: "test",
        MILLRACE_LOGGING_LEVEL: "info",
        DATABASE_URL: databaseUrl,
        ...patientEnv,
        ...envOf("worker"),
      },
    }),
  );
  await worker.line(({ msg }) => msg === "The worker is starting");
  return { client: api.client(), stop: () => end([api, worker]) };
}

/** The folder of all objects. */
export function lakeOf({ folder }: Pick<ProcessHost, "folder">): string {
  return join(folder, "lake");
}

/** Runs a command of the migrator to its end. */
export async function migrate(host: ProcessHost, databaseUrl: string, command: string): Promise<void> {
  const { exited, output } = startMigrator(host, databaseUrl, [command]);
  const { code } = await exited;
  if (code !== 0) throw new Error(`The migrator's ${command} failed:\n${output()}`);
}

async function end(processes: readonly RunningProcess[]): Promise<void> {
  for (const { signal } of processes) signal("SIGTERM");
  await Promise.all(processes.map(({ exited }) => exited));
}
