import { describe, expect, test } from "vitest";

import { findImportBreaches, isBelow } from "./import-breaches.ts";
import { packageOf, listImports } from "./imports.ts";
import { isTestSource, layers, scope, testLibraries } from "./layers.ts";
import { listPackagePaths, listSourceFiles, readManifest, readReferences } from "./workspace.ts";

describe("the layer table", () => {
  test("has one row for every package that has source", () => {
    expect(
      Object.values(layers)
        .map((layer) => layer.path)
        .toSorted(),
    ).toEqual(listPackagePaths());
  });

  test("names only rows above, so that no cycle can arise", () => {
    const upward = Object.entries(layers).flatMap(([name, layer]) =>
      layer.workspace.filter((other) => !isBelow(other, name)).map((other) => `${name} → ${other}`),
    );
    expect(upward).toEqual([]);
  });

  test("covers every package with the root's type check", () => {
    expect(readReferences(".").toSorted()).toEqual([...listPackagePaths(), "tsconfig.configs.json"].toSorted());
  });
});

describe.each(Object.entries(layers))("%s", (name, layer) => {
  const manifest = readManifest(layer);
  const files = listSourceFiles(layer);
  const installed = [...manifest.dependencies, ...manifest.peerDependencies];

  test("is named for its row", () => {
    expect(manifest.name).toBe(scope + name);
  });

  test("imports only what its row names", () => {
    expect(files.flatMap((file) => findImportBreaches(name, file))).toEqual([]);
  });

  test("depends at run time only on what its row names", () => {
    const allowed = [...layer.workspace.map((other) => scope + other), ...layer.libraries, ...(layer.installs ?? [])];
    const tests = manifest.peerDependencies.filter((library) => testLibraries.includes(library));
    expect(installed.filter((dependency) => !allowed.includes(dependency) && !tests.includes(dependency))).toEqual([]);
  });

  test("keeps nothing that source imports among its development dependencies", () => {
    const imported = files.filter((file) => !isTestSource(file.path)).flatMap((file) => listImports(file.text));
    const missing = imported.map(packageOf).filter((used) => used !== undefined && !installed.includes(used));
    expect(missing).toEqual([]);
  });

  test("references in its tsconfig exactly the workspace packages that it depends on", () => {
    const depended = [...installed, ...manifest.devDependencies]
      .filter((dependency) => dependency.startsWith(scope) && dependency !== `${scope}tsconfig`)
      .map((dependency) => layers[dependency.slice(scope.length)]?.path ?? `no row for ${dependency}`);
    expect(manifest.references.toSorted()).toEqual(depended.toSorted());
  });
});
