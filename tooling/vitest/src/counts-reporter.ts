import { writeSync } from "node:fs";

import type { Reporter } from "vitest/node";

import { countTests, formatCounts, type Counts } from "./counts.ts";

/**
 * Prints the counts of all projects together as the very last line of the run, after coverage tables and teardown. A
 * test that writes to the console fails the run: its output would hide what matters.
 */
export function createCountsReporter(): Reporter {
  let counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  let stray = 0;
  return {
    onInit(vitest) {
      if (vitest.config.watch) return;
      process.once("exit", (code) => writeLastLine(counts, code));
    },
    onUserConsoleLog() {
      stray += 1;
    },
    onTestRunEnd(modules, unhandledErrors) {
      counts = countTests(modules, unhandledErrors);
      if (stray === 0) return;
      counts = { ...counts, failed: counts.failed + 1 };
      process.exitCode = 1;
      process.stderr.write(`Tests wrote to the console ${stray} times. Assert on output instead of printing it.\n`);
    },
  };
}

/** A run that fails for another reason (a set-up that broke, coverage below its threshold) must not read "0 failed". */
function writeLastLine(counts: Counts, exitCode: number): void {
  const failed = exitCode === 0 ? counts.failed : Math.max(counts.failed, 1);
  writeSync(process.stdout.fd, `${formatCounts({ ...counts, failed })}\n`);
}
