import { fileURLToPath } from "node:url";

import { freePort } from "../testing/free-port.ts";
import { patientEnv } from "./patient.ts";
import { type ProcessHost, type RunningProcess, startProcess } from "./start-process.ts";

export interface WorkerProcess extends RunningProcess {
  /** Where its health, readiness and metrics are. */
  readonly url: string;
}

export interface WorkerProcessOptions {
  readonly databaseUrl: string;
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
}

const recordedJobs = fileURLToPath(new URL("../testing/recorded-jobs.ts", import.meta.url));

/** Starts a worker of the recorded jobs and waits until it claims. */
export async function startWorker(stage: ProcessHost, options: WorkerProcessOptions): Promise<WorkerProcess> {
  const port = await freePort();
  const worker = stage.keep(
    startProcess({
      name: options.name,
      program: "apps/worker/src/main.ts",
      cwd: stage.folder,
      env: {
        MILLRACE_PROFILE: "test",
        MILLRACE_LOGGING_LEVEL: "info",
        MILLRACE_WORKER_NAME: options.name,
        MILLRACE_WORKER_HANDLERS: recordedJobs,
        MILLRACE_WORKER_HEALTH_PORT: String(port),
        // Jobs of the lake's own would stand among those that a history is checked of.
        MILLRACE_WORKER_MATERIALISE: "false",
        DATABASE_URL: options.databaseUrl,
        ...patientEnv,
        E2E_HISTORY: stage.historyFolder,
        ...options.env,
      },
    }),
  );
  await worker.line(({ msg }) => msg === "The worker is starting");
  return { ...worker, url: `http://127.0.0.1:${port}` };
}
