import { parseArgs } from "node:util";

import { printReport } from "./print-report.ts";
import { runChaos } from "./run-chaos.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "5" },
    logs: { type: "boolean", default: false },
  },
});

const report = await runChaos({
  seed: Number(values.seed),
  durationMs: Number(values.minutes) * 60_000,
  onProgress: (line) => process.stderr.write(`${line}\n`),
});
if (values.logs) for (const [name, output] of report.outputs) process.stderr.write(`--- ${name}\n${output}\n`);
process.stdout.write(`${printReport(report)}\n`);
process.exit(report.violations.length === 0 ? 0 : 1);
