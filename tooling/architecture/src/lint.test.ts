import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { root } from "./workspace.ts";

/** One planted fault a file: the file, its source and the rule that must find it. */
const faults = [
  ["packages/core/src/a.ts", 'import { sql } from "postgres";\nexport const a = sql;', "no-restricted-imports"],
  ["packages/core/src/b.ts", 'import { Hono } from "hono";\nexport const b = Hono;', "no-restricted-imports"],
  ["packages/contract/src/c.ts", 'export * from "@millrace/storage";', "no-restricted-imports"],
  ["packages/core/src/d.ts", 'export * from "@millrace/storage/testing";', "no-restricted-imports"],
  ["packages/core/src/e.ts", 'export * from "../../contract/src/ids.ts";', "no-restricted-imports"],
  ["packages/core/src/f.test.ts", 'import "@millrace/api";\nimport "postgres";', "no-restricted-imports"],
  ["apps/worker/src/g.test.ts", 'export * from "@millrace/storage";', "no-restricted-imports"],
  ["packages/core/src/h.ts", "export const h = process.env;", "no-process-env"],
  ["packages/core/src/i.ts", 'export const i = "select id from millrace.jobs";', "no-sql-outside-storage"],
  [
    "packages/core/src/j.ts",
    "export const j = (t: string) => `insert into ${t} values (1)`;",
    "no-sql-outside-storage",
  ],
  ["packages/storage/src/k.ts", "declare const k: { begin(): void };\nk.begin();", "no-raw-transaction"],
  ["packages/storage/src/utils.ts", "export const l = 1;", "no-catch-all-file"],
  ["packages/storage/src/helpers/claim.ts", "export const m = 1;", "no-catch-all-file"],
  ["packages/core/src/n.ts", "export function n(): void {}", "require-docstring"],
  ["packages/core/src/o.ts", "const o = 1;\nexport default o;", "no-default-export"],
  ["packages/core/src/p.ts", "// TODO later\nexport const p = 1;", "no-warning-comments"],
  [
    "packages/core/src/q.ts",
    Array.from({ length: 401 }, (_, line) => `export const q${line} = ${line};`).join("\n"),
    "max-lines",
  ],
  ["packages/core/src/r.ts", "const r = async () => 1;\nr();\nexport {};", "no-floating-promises"],
  ["packages/core/src/s.ts", "export const s = [1].filter(async () => true);", "no-misused-promises"],
  [
    "packages/core/src/t.ts",
    'export const t = (x: "a" | "b") => {\n  switch (x) {\n    case "a":\n      return 1;\n  }\n  return 2;\n};',
    "switch-exhaustiveness-check",
  ],
  ["packages/core/src/u.ts", "export const u = (x: any) => x;", "no-explicit-any"],
  ["packages/core/src/v.ts", "export const v = (x?: string) => x!;", "no-non-null-assertion"],
  ["packages/core/src/w.ts", 'import { x } from "./x.ts";\nexport const w: number = x;', "no-cycle"],
  ["packages/core/src/x.ts", 'import { w } from "./w.ts";\nexport const x: number = w;', "no-cycle"],
  ["packages/core/src/camelCase.ts", "export const y = 1;", "filename-case"],
  ["packages/core/src/z.ts", 'console.log("here");\nexport {};', "no-console"],
] as const;

/** Files without a fault, each close to one of the bans. */
const sound = [
  [
    "packages/storage/src/sql.ts",
    'import postgres from "postgres";\nexport { postgres };\nexport const sql = "select id from x";',
  ],
  ["packages/storage/src/database/open.ts", "export const open = (c: { begin(): void }) => c.begin();"],
  ["packages/config/src/env.ts", "export const env = process.env;"],
  ["packages/core/src/sound.test.ts", 'export * from "@millrace/storage/testing";\nexport const env = process.env;'],
  ["apps/api/src/sound.test.ts", 'export * from "@millrace/storage/testing";'],
  ["packages/core/src/prose.ts", 'export const prose = "Select a job from the list, or delete it from there.";'],
] as const;

interface Finding {
  readonly code: string;
  readonly filename: string;
}

let folder: string;
let findings: readonly Finding[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-lint-"));
  await write("oxlint.config.ts", `export { default } from ${JSON.stringify(resolve(root, "oxlint.config.ts"))};`);
  const compilerOptions = { rootDir: ".", typeRoots: [resolve(root, "node_modules/@types")] };
  const base = resolve(root, "tooling/tsconfig/base.json");
  await write("tsconfig.json", JSON.stringify({ extends: base, compilerOptions, include: ["**/*.ts"] }));
  for (const [path, text] of [...faults, ...sound]) await write(path, `${text}\n`);
  findings = await lint();
}, 180_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(faults)("lint finds the fault in %s", (path, _, rule) => {
  expect(
    findings
      .filter((finding) => finding.filename === path)
      .map((finding) => finding.code)
      .join(),
  ).toContain(rule);
});

test.each(sound)("lint finds nothing in %s", (path) => {
  expect(findings.filter((finding) => finding.filename === path)).toEqual([]);
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

/** Runs oxlint with the repository's own configuration; it exits with 1 when it finds something. */
function lint(): Promise<readonly Finding[]> {
  const command = resolve(root, "node_modules/oxlint/bin/oxlint");
  // oxlint looks for its type-aware half on the path.
  const path = [resolve(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  return new Promise((found, failed) => {
    execFile(
      process.execPath,
      [command, "--format=json"],
      { cwd: folder, maxBuffer: 2 ** 26, env: { ...process.env, PATH: path } },
      (error, stdout, stderr) => {
        if (!stdout.startsWith("{")) failed(new Error(`oxlint did not run: ${stdout}${stderr}`, { cause: error }));
        else found((JSON.parse(stdout) as { readonly diagnostics: readonly Finding[] }).diagnostics);
      },
    );
  });
}
