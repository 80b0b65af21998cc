import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { runProgram } from "@millrace/e2e/processes";

import { root } from "./published-packages.ts";

/** A team's own project, outside the workspace. */
export interface ConsumerProject {
  readonly folder: string;
  install(packages: readonly string[], ...flags: readonly string[]): Promise<void>;
  /** Names of everything that is installed, nested copies included. */
  installed(): Promise<readonly string[]>;
  /** What the installed files hold together. */
  installedBytes(): Promise<number>;
  /** Checks the types with the project's own compiler; rejects with what it has found. */
  checkTypes(): Promise<string>;
}

const sources = fileURLToPath(new URL("consumer", import.meta.url));
const definitions = "greet.ts";

export interface ConsumerProjectOptions {
  /** The lines that say which packages come from which registry; all others come from where npm gets them on this machine. */
  readonly npmrc: string;
  /** The package that defines the project's jobs; default the project itself. */
  readonly jobs?: string;
}

/** Writes a new project that defines a job, works it, enqueues it and tries what its types refuse. */
export async function createConsumerProject(
  folder: string,
  { npmrc, jobs }: ConsumerProjectOptions,
): Promise<ConsumerProject> {
  await mkdir(join(folder, "src"), { recursive: true });
  for (const name of await readdir(sources)) {
    if (jobs !== undefined && name === definitions) continue;
    const source = await readFile(join(sources, name), "utf8");
    await writeFile(join(folder, "src", name), source.replace(`"./${definitions}"`, `"${jobs ?? `./${definitions}`}"`));
  }
  await writeFile(join(folder, ".npmrc"), npmrc);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "team", private: true, type: "module" }));
  const compilerOptions = {
    target: "esnext",
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    types: ["node"],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  const modules = join(folder, "node_modules");

  return {
    folder,
    async install(packages, ...flags) {
      await runProgram("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...flags, ...packages], {
        cwd: folder,
      });
    },
    async installed() {
      const lock = JSON.parse(await readFile(join(modules, ".package-lock.json"), "utf8")) as {
        readonly packages: Readonly<Record<string, unknown>>;
      };
      return Object.keys(lock.packages).map((path) => path.slice(path.lastIndexOf("node_modules/") + 13));
    },
    installedBytes: () => sizeOf(modules),
    checkTypes: () =>
      runProgram(process.execPath, [join(modules, "typescript/bin/tsc"), "--project", "."], { cwd: folder }),
  };
}

/** The versions that the workspace itself is checked with. */
export async function readToolVersions(): Promise<{ readonly typescript: string }> {
  const { devDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    readonly devDependencies: { readonly typescript: string };
  };
  return { typescript: devDependencies.typescript };
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
