import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, expect, test } from "vitest";

import { type Document, readDocuments, root } from "./documents.ts";
import { readMarkdown } from "./markdown.ts";
import { writeSamples } from "./samples.ts";

const documents = readDocuments();
const folder = mkdtempSync(join(tmpdir(), "millrace-samples-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the compiler has against samples, which find their packages where this one does. */
function checkTypes(name: string, pages: readonly Document[]): readonly string[] {
  const project = join(folder, name);
  const samples = writeSamples(pages, project);
  symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(project, "node_modules"));
  const compilerOptions = {
    composite: false,
    noEmit: true,
    noUnusedLocals: false,
    rootDir: "/",
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
    typeRoots: [join(root, "node_modules/@types")],
  };
  const config = { extends: join(root, "tooling/tsconfig/base.json"), compilerOptions, include: ["**/*.ts"] };
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
  const { stdout } = spawnSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "--project", project, "--pretty", "false"],
    {
      cwd: project,
      encoding: "utf8",
    },
  );
  // A fault in a package's own source is the type check's to report.
  return stdout.split("\n").flatMap((line) => {
    const sample = samples.find(({ file }) => line.startsWith(`${file}(`));
    return sample === undefined ? [] : [line.replace(sample.file, `${sample.place} `)];
  });
}

test("every TypeScript sample of the documents compiles against the packages as they are", { timeout: 180_000 }, () => {
  expect(checkTypes("all", documents)).toEqual([]);
});

test("a sample that no longer compiles is found, with the place where it stands", { timeout: 180_000 }, () => {
  const text = '```ts\nimport { createClient } from "@millrace/client";\n\ncreateClient({ url: 7 });\n```\n';
  expect(checkTypes("wrong", [{ path: "docs/wrong.md", ...readMarkdown(text) }])).toEqual([
    expect.stringMatching(/^docs\/wrong\.md:2 .*error TS/),
  ]);
});

test("every JSON sample is JSON, and every shell sample is what a shell can read", () => {
  for (const { path, samples } of documents) {
    for (const { language, code, line } of samples) {
      if (language === "json") expect(() => JSON.parse(code) as unknown, `${path}:${line}`).not.toThrow();
      if (language === "bash" || language === "sh") {
        expect(() => execFileSync("bash", ["-n"], { input: code, stdio: "pipe" }), `${path}:${line}`).not.toThrow();
      }
    }
  }
});
