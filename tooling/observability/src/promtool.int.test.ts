import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { folder } from "./outputs.ts";

/** Of Debian's package prometheus. */
const promtool = (...args: readonly string[]) =>
  promisify(execFile)("promtool", args, { cwd: fileURLToPath(folder) }).then(({ stdout }) => stdout);

test("Prometheus takes the rules", async () => {
  expect(await promtool("check", "rules", "rules.yml")).toContain("SUCCESS");
});

test("Prometheus takes its configuration", async () => {
  expect(await promtool("check", "config", "--syntax-only", "prometheus.yml")).toContain("SUCCESS");
});
