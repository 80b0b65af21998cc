import { cp, mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { root } from "./published-packages.ts";
import { run } from "./run.ts";

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

/** Writes a new project whose `@millrace` packages come from the registry that `npmrc` names, and all others from where npm gets them on this machine. */
export async function createConsumerProject(folder: string, npmrc: string): Promise<ConsumerProject> {
  await mkdir(folder, { recursive: true });
  await cp(sources, join(folder, "src"), { recursive: true });
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
      await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...flags, ...packages], {
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
    checkTypes: () => run(process.execPath, [join(modules, "typescript/bin/tsc"), "--project", "."], { cwd: folder }),
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
