import { defineConfig } from "vitest/config";

import { createCountsReporter } from "../vitest/src/counts-reporter.ts";
import { patienceMs } from "../vitest/src/patience-ms.ts";

/** Tests of a composed stack that `tooling/containers/test` has brought up. */
export default defineConfig({
  root: `${import.meta.dirname}/../..`,
  ssr: { resolve: { conditions: ["@millrace/source", "node", "development|production"] } },
  test: {
    include: ["tests/e2e/src/**/*.containers.test.ts"],
    reporters: ["verbose", createCountsReporter()],
    setupFiles: ["tooling/vitest/src/patience.ts"],
    expect: { poll: { timeout: patienceMs } },
    testTimeout: 300_000,
    hookTimeout: 60_000,
    // They share one stack, and each needs what the ones before have left.
    maxWorkers: 1,
    bail: 1,
  },
});
