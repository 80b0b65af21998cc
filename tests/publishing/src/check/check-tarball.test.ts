import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { checkTarball } from "./check-tarball.ts";

const manifest = { name: "a", version: "1.0.0", type: "module", license: "Apache-2.0", exports: { ".": "./index.js" } };
const module = { "index.js": "export const a = 1;\n", "index.d.ts": "export declare const a = 1;\n" };

/** Packs these files as a package. */
function pack(files: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-tarball-"));
  try {
    mkdirSync(join(folder, "package"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "package", name), text);
    execFileSync("tar", ["-czf", "a.tgz", "package"], { cwd: folder });
    return new Uint8Array(readFileSync(join(folder, "a.tgz")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a package in order has no fault", { timeout: 30_000 }, async () => {
  expect(await checkTarball(pack({ "package.json": JSON.stringify(manifest), ...module }))).toEqual([]);
});

test.each([
  ["an export without its file", { ...manifest, exports: { ".": "./index.js", "./b": "./b.js" } }, module, "b.js"],
  ["no types", manifest, { "index.js": module["index.js"] }, "types"],
  ["types of another kind of module", { ...manifest, type: "commonjs" }, module, "publint"],
])("a package with %s is found out", { timeout: 30_000 }, async (_, wrong, files, said) => {
  const faults = await checkTarball(pack({ "package.json": JSON.stringify(wrong), ...files }));
  expect(faults.join("\n")).toContain(said);
});
