import { posix } from "node:path";

import { listImports, packageOf } from "./imports.ts";
import { isTestSource, layers, scope, testLibraries, type Layer } from "./layers.ts";

/** One module of a package; `path` is below its `src`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Every import of the file that its package's row does not allow, one sentence each. */
export function findImportBreaches(name: string, file: SourceFile): readonly string[] {
  const layer = layers[name];
  if (layer === undefined) return [`${name} has no row in the layer table`];
  return listImports(file.text)
    .map((specifier) => findBreach(name, layer, file.path, specifier))
    .filter((breach) => breach !== undefined)
    .map((breach) => `${layer.path}/src/${file.path} ${breach}`);
}

function findBreach(name: string, layer: Layer, path: string, specifier: string): string | undefined {
  if (specifier.startsWith("."))
    return posix.join("/src", posix.dirname(path), specifier).startsWith("/src/")
      ? undefined
      : `reaches out of its package by path: ${specifier}`;
  const imported = packageOf(specifier);
  if (imported === undefined) return undefined;
  const test = isTestSource(path);
  return imported.startsWith(scope)
    ? findWorkspaceBreach(name, layer, test, specifier, imported.slice(scope.length))
    : findLibraryBreach(layer, path, test, imported);
}

function findWorkspaceBreach(name: string, layer: Layer, test: boolean, specifier: string, imported: string) {
  const testing = specifier === `${scope}${imported}/testing`;
  if (testing && !test) return `imports ${specifier}, which only tests may`;
  if (testing && isBelow(imported, name)) return undefined;
  return imported === name || layer.workspace.includes(imported)
    ? undefined
    : `imports ${specifier}, which its row does not name`;
}

function findLibraryBreach(layer: Layer, path: string, test: boolean, library: string) {
  if (test && testLibraries.includes(library)) return undefined;
  if (!layer.libraries.includes(library)) return `imports ${library}, which its row does not name`;
  const confined = layer.confined?.[library];
  return confined === undefined || test || path.startsWith(confined)
    ? undefined
    : `imports ${library}, which only src/${confined}… may`;
}

/** True when the first package stands above the second in the table. */
export function isBelow(lower: string, upper: string): boolean {
  const order = Object.keys(layers);
  return order.includes(lower) && order.indexOf(lower) < order.indexOf(upper);
}
