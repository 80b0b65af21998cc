import { defineConfig } from "vitest/config";

import { testGlobs } from "./tooling/architecture/src/layers.ts";
import { createCountsReporter } from "./tooling/vitest/src/counts-reporter.ts";
import { patienceMs } from "./tooling/vitest/src/patience-ms.ts";

/**
 * Vite's own list, with the condition that resolves workspace packages to their source in front, and without "module": what that
 * names is for bundlers, and Node, which runs the libraries, can't load all of it.
 */
const conditions = ["@millrace/source", "node", "development|production"];

export default defineConfig({
  ssr: { resolve: { conditions } },
  // Where global set-ups are imported; it has a list of its own.
  environments: { __vitest__: { resolve: { conditions } } },
  test: {
    maxWorkers: 2,
    setupFiles: ["tooling/vitest/src/patience.ts"],
    expect: { poll: { timeout: patienceMs } },
    reporters: ["default", ...(process.env.GITHUB_ACTIONS ? ["github-actions"] : []), createCountsReporter()],
    coverage: {
      provider: "v8",
      include: ["{packages,apps}/*/src/**/*.ts"],
      exclude: [
        ...testGlobs,
        // Entry points run as processes of their own in the end-to-end tests, where V8's counters don't reach.
        "apps/*/src/main.ts",
      ],
      reporter: ["text-summary", "json-summary", "html", "lcov"],
      reportsDirectory: "coverage",
      thresholds: { "packages/storage/src/**/*.ts": { lines: 90, branches: 90 } },
    },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{packages,apps,examples,tooling,tests}/*/src/**/*.test.ts"],
          exclude: ["**/*.int.test.ts", "**/*.e2e.test.ts", "**/*.containers.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          globalSetup: ["packages/storage/src/testing/global-setup.ts"],
          include: ["{packages,apps,tooling,tests}/*/src/**/*.int.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          globalSetup: ["packages/storage/src/testing/global-setup.ts"],
          include: ["tests/*/src/**/*.e2e.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
