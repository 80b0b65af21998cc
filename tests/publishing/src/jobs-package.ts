import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { runProgram } from "@millrace/e2e/processes";

export interface JobsPackageOptions {
  readonly name: string;
  readonly npmrc: string;
  /** The version of ours that it is written for. */
  readonly core: string;
  /** A TypeScript compiler's main file. */
  readonly compiler: string;
}

/** Writes, compiles and publishes a team's own package of job definitions, as a team does that has several services. */
export async function publishJobsPackage(folder: string, options: JobsPackageOptions): Promise<void> {
  const { name, npmrc, core, compiler } = options;
  await mkdir(join(folder, "src"), { recursive: true });
  const definitions = fileURLToPath(new URL("consumer/greet.ts", import.meta.url));
  await cp(definitions, join(folder, "src/index.ts"));
  await writeFile(join(folder, ".npmrc"), npmrc);
  const manifest = {
    name,
    version: "1.0.0",
    type: "module",
    files: ["dist"],
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    dependencies: { "@millrace/core": `^${core}`, zod: "^4.6.7" },
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  const compilerOptions = {
    target: "esnext",
    module: "nodenext",
    strict: true,
    skipLibCheck: true,
    declaration: true,
    rootDir: "src",
    outDir: "dist",
    types: [],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  const npm = (...args: readonly string[]) => runProgram("npm", args, { cwd: folder });
  await npm("install", "--no-audit", "--no-fund", "--prefer-offline");
  await runProgram(process.execPath, [compiler, "--project", "."], { cwd: folder });
  await npm("publish");
}
