import { globSync, readFileSync } from "node:fs";
import { posix, resolve } from "node:path";

import type { SourceFile } from "./import-breaches.ts";
import type { Layer } from "./layers.ts";

/** The root of the repository. */
export const root = resolve(import.meta.dirname, "../../..");

/** What a package says about itself outside its source. */
export interface Manifest {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  readonly peerDependencies: readonly string[];
  /** Folders of the packages that its tsconfig references, relative to the root. */
  readonly references: readonly string[];
}

/** Folders of every workspace package that has source, relative to the root. */
export function listPackagePaths(): readonly string[] {
  return globSync("{packages,apps,examples,tooling,tests}/*/src", { cwd: root })
    .map((path) => posix.dirname(path))
    .toSorted();
}

/** Every TypeScript module of the package. */
export function listSourceFiles(layer: Pick<Layer, "path">): readonly SourceFile[] {
  const folder = resolve(root, layer.path, "src");
  return globSync("**/*.ts", { cwd: folder }).map((path) => ({
    path,
    text: readFileSync(resolve(folder, path), "utf8"),
  }));
}

/** Reads the package's package.json and tsconfig.json. */
export function readManifest(layer: Pick<Layer, "path">): Manifest {
  const manifest = readJson(`${layer.path}/package.json`) as {
    readonly name: string;
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
    readonly peerDependencies?: Readonly<Record<string, string>>;
  };
  return {
    name: manifest.name,
    dependencies: Object.keys(manifest.dependencies ?? {}),
    devDependencies: Object.keys(manifest.devDependencies ?? {}),
    peerDependencies: Object.keys(manifest.peerDependencies ?? {}),
    references: readReferences(layer.path),
  };
}

/** Folders that the tsconfig.json in `path` references, relative to the root. */
export function readReferences(path: string): readonly string[] {
  const config = readJson(posix.join(path, "tsconfig.json")) as {
    readonly references?: readonly { readonly path: string }[];
  };
  return (config.references ?? []).map((reference) => posix.join(path, reference.path));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(resolve(root, path), "utf8"));
}
