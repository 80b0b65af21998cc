import { createClient, type MillraceClient } from "@millrace/client";
import { patientEnv } from "@millrace/storage/testing";

import { type MillraceProcess, type RunOptions, runProcess } from "./run-process.ts";

/** A `millrace dev` that serves. */
export interface RunningDev extends MillraceProcess {
  readonly url: string;
  readonly key: string;
  /** The commands to enqueue a job, to wait for it, to send an event and to query it, as printed. */
  readonly commands: readonly string[];
  readonly client: MillraceClient;
  /** Asks it to stop, and resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `millrace dev` on a free port and waits until it says that it is ready. */
export async function startDev(args: readonly string[], options?: RunOptions): Promise<RunningDev> {
  const run = runProcess(["dev", "--port", "0", ...args], { ...options, env: { ...patientEnv, ...options?.env } });
  await run.printed("Ctrl-C stops everything");
  const lines = run.output().split("\n");
  const after = (start: string): string => lines.find((line) => line.startsWith(start))?.slice(start.length) ?? "";
  const url = after("Millrace is ready on ");
  const key = after("API key: ");
  return {
    ...run,
    url,
    key,
    commands: lines.filter((line) => line.startsWith("curl ")),
    client: createClient({ baseUrl: url, apiKey: key }),
    async stop(signal = "SIGTERM") {
      run.kill(signal);
      return (await run.exited).code;
    },
  };
}
