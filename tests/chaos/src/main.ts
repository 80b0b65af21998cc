import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inspect, parseArgs } from "node:util";

import { printReport } from "./print-report.ts";
import { runChaos } from "./run-chaos.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "5" },
    /** The model tests instead of the chaos run. */
    model: { type: "boolean", default: false },
    logs: { type: "boolean", default: false },
  },
});
const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
if (!Number.isInteger(seed) || !(minutes > 0)) {
  process.stderr.write("usage: pnpm chaos [--seed <integer>] [--minutes <number>] [--model] [--logs]\n");
  process.exit(2);
}

process.exit(values.model ? runModel() : await run());

async function run(): Promise<number> {
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const report = await runChaos({ seed, durationMs: minutes * 60_000, onProgress }).catch((error: unknown) => {
    process.stderr.write(`seed ${seed}: the run broke off\n${inspect(error)}\n`);
  });
  if (report === undefined) return 1;
  if (values.logs) for (const [name, output] of report.outputs) process.stderr.write(`--- ${name}\n${output}\n`);
  process.stdout.write(`${printReport(report)}\n`);
  return report.violations.length === 0 ? 0 : 1;
}

/** The model tests belong to storage and run as its tests do, only for longer. */
function runModel(): number {
  const root = new URL("../../../", import.meta.url);
  const vitest = fileURLToPath(new URL("node_modules/vitest/vitest.mjs", root));
  const tests = "packages/storage/src/testing/job-store/model/model.int.test.ts";
  const env = { ...process.env, TEST_MODEL_SEED: String(seed), TEST_MODEL_SECONDS: String(minutes * 60) };
  const ended = spawnSync(process.execPath, [vitest, "run", "--project", "integration", tests], {
    cwd: fileURLToPath(root),
    env,
    stdio: "inherit",
  });
  return ended.status ?? 1;
}
