import { join } from "node:path";

import { type ApiProcess, startApi } from "../processes/start-api.ts";
import { type WorkerProcess, startWorker } from "../processes/start-worker.ts";
import type { Stage } from "./stage.ts";

/** An API, and the means to start workers beside it, that share a database and a lake. */
export interface EventStage {
  readonly api: ApiProcess;
  /** Starts a worker that carries events into the lake. */
  startWorker(name: string): Promise<WorkerProcess>;
}

/** Starts an API without any worker. The lake is in the stage's folder. `env` is for all processes. */
export async function startEvents(stage: Stage, env: Readonly<Record<string, string>> = {}): Promise<EventStage> {
  const { url: databaseUrl } = await stage.database();
  const envOf = (name: string) => ({
    MILLRACE_WORKER_MATERIALISE: "true",
    MILLRACE_LAKE_PATH: join(stage.folder, "lake"),
    MILLRACE_LAKE_CACHE_DIRECTORY: join(stage.folder, "cache", name),
    // What a killed worker had in hand is free soon.
    MILLRACE_LAKE_LEASE_MS: "2s",
    ...env,
  });
  return {
    // A busy machine makes a query wait for its turn.
    api: await startApi(stage, { databaseUrl, env: { ...envOf("api"), MILLRACE_QUERY_QUEUE_TIMEOUT_MS: "60s" } }),
    startWorker: (name) => startWorker(stage, { databaseUrl, name, env: envOf(name) }),
  };
}
