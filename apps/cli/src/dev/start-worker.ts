import { startWorker } from "@millrace/worker";

import type { DevConfig } from "./dev-config.ts";
import type { Part } from "./part.ts";

/** Starts the worker; paths of handler modules are relative to `cwd`. @throws ConfigError, UNAVAILABLE */
export async function startWorkerPart(loaded: DevConfig, cwd: string): Promise<Part> {
  const worker = await startWorker(loaded, { cwd });
  const { shutdownGraceMs } = loaded.config.worker;
  return { name: "The worker", stop: (graceMs) => worker.stop({ graceMs: Math.min(graceMs, shutdownGraceMs) }) };
}
