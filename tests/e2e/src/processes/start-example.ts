import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { Stage } from "../testing/stage.ts";
import { type RunningProcess, watchProcess } from "./start-process.ts";

/** A worker of `examples/` that is not written in TypeScript. */
export interface Example {
  readonly language: "python" | "bash";
  readonly program: string;
  /** Below the repository's root. */
  readonly path: string;
  readonly needs: readonly string[];
  /** What it writes first. */
  readonly started: RegExp;
}

export const examples: readonly Example[] = [
  {
    language: "python",
    program: "python3",
    path: "examples/python-worker/worker.py",
    needs: ["python3"],
    started: /Started/,
  },
  {
    language: "bash",
    program: "bash",
    path: "examples/bash-worker/worker.sh",
    needs: ["bash", "curl", "jq"],
    started: /started/,
  },
];

const root = new URL("../../../../", import.meta.url);

/** Starts an example's worker for the tenant `alpha` and waits until it claims. @throws when a program that it needs is missing */
export async function startExample(
  stage: Stage,
  example: Example,
  options: { readonly name: string; readonly apiUrl: string; readonly env?: Readonly<Record<string, string>> },
): Promise<RunningProcess> {
  requirePrograms(example);
  const child = spawn(example.program, [fileURLToPath(new URL(example.path, root))], {
    cwd: stage.folder,
    env: {
      PATH: process.env["PATH"],
      HOSTNAME: "test",
      PYTHONDONTWRITEBYTECODE: "1",
      MILLRACE_URL: options.apiUrl,
      MILLRACE_API_KEY: "alpha-key",
      MILLRACE_WORKER_NAME: options.name,
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const worker = stage.keep(watchProcess(options.name, child));
  await worker.line(({ text }) => example.started.test(text));
  return worker;
}

function requirePrograms({ language, needs }: Example): void {
  const missing = needs.filter((program) => spawnSync(program, ["--version"]).error !== undefined);
  if (missing.length > 0) {
    throw new Error(`The ${language} example needs ${missing.join(" and ")}: install with apt-get or the like.`);
  }
}
