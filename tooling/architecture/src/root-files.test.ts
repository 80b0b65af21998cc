import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { root } from "./workspace.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly "timeout-minutes"?: number;
        readonly steps: readonly Step[];
        readonly strategy?: { readonly matrix: { readonly include: readonly Readonly<Record<string, number>>[] } };
      }
    >
  >;
}

const text = readFileSync(resolve(root, ".github/workflows/ci.yml"), "utf8");
const workflow = parse(text) as Workflow;
const jobs = Object.values(workflow.jobs);
const steps = jobs.flatMap((job) => job.steps);
const { scripts, devDependencies } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

describe("the CI workflow", () => {
  test("pins every action to a commit and says its version", () => {
    const uses = text.split("\n").filter((line) => line.includes("uses:"));
    expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("may only read, and ends in a bounded time", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    for (const job of jobs) expect(job["timeout-minutes"]).toBeLessThanOrEqual(30);
  });

  test("tests every Node that packages support and every PostgreSQL that the product supports", () => {
    const matrix = workflow.jobs.test?.strategy?.matrix.include ?? [];
    expect(new Set(matrix.map((entry) => entry.node))).toEqual(new Set([22, 24, 26]));
    expect(new Set(matrix.map((entry) => entry.postgres))).toEqual(new Set([14, 15, 16, 17, 18]));
  });

  test("calls only scripts that exist", () => {
    const called = steps.flatMap((step) => /pnpm@12 run (\S+)/.exec(step.run ?? "")?.[1] ?? []);
    expect(called.length).toBeGreaterThan(0);
    expect(called.filter((script) => !(script in scripts))).toEqual([]);
  });
});

test("make calls only scripts that exist", () => {
  const makefile = readFileSync(resolve(root, "Makefile"), "utf8");
  const called = [...makefile.matchAll(/\$\(PNPM\) (?:run )?(\w+)(?!.*--frozen)/g)].map((match) => match[1] ?? "");
  expect(called.toSorted()).toEqual(["build", "clean", "lint", "start", "test", "verify"]);
  expect(called.filter((script) => !(script in scripts))).toEqual([]);
});

test("pnpm judges engines by the Node that the workspace installs", () => {
  const settings = parse(readFileSync(resolve(root, "pnpm-workspace.yaml"), "utf8")) as {
    readonly nodeVersion: string;
  };
  expect(settings.nodeVersion).toBe(devDependencies.node);
});
