import { isBelow } from "./import-breaches.ts";
import { layers, scope, testLibraries, type Layer } from "./layers.ts";

/** One ban of the lint rule `no-restricted-imports`: what its regular expression, or its patterns, match. */
export type ImportBan = { readonly message: string } & ({ readonly regex: string } | { readonly group: string[] });

const table = "tooling/architecture/src/layers.ts";
const named = [...new Set(Object.values(layers).flatMap((layer) => layer.libraries))];

/** What lint forbids a package to import, from its row of the layer table; `tests` gives the wider set for test source. */
export function banImports(name: string, tests: boolean): readonly ImportBan[] {
  const layer = layers[name];
  if (layer === undefined) throw new Error(`${name} has no row in the layer table`);
  return [...banWorkspace(name, layer, tests), ...banLibraries(layer, tests), banPaths()];
}

function banWorkspace(name: string, layer: Layer, tests: boolean): readonly ImportBan[] {
  const forbidden = Object.keys(layers).filter((other) => other !== name && !layer.workspace.includes(other));
  const message = `The layer table (${table}) does not allow this import.`;
  if (!tests)
    return [
      ban(`^${scope}${anyOf(forbidden)}(?:/|$)`, message),
      ban(`^${scope}[^/]+/testing(?:/|$)`, "Only tests may import a testing entry point."),
    ];
  const above = forbidden.filter((other) => !isBelow(other, name));
  const below = forbidden.filter((other) => isBelow(other, name));
  return [
    ban(`^${scope}${anyOf(above)}(?:/|$)`, message),
    // Of a package below only the testing entry point is open; the rule's expressions know no look-ahead.
    ...below.flatMap((other) => [
      ban(`^${scope}${other}$`, message),
      { group: [`${scope}${other}/*`, `!${scope}${other}/testing`], message },
    ]),
  ];
}

function banLibraries(layer: Layer, tests: boolean): readonly ImportBan[] {
  const open = [...layer.libraries, ...(tests ? testLibraries : ["vitest"])];
  const foreign = named.filter((library) => !open.includes(library));
  return [ban(`^${anyOf(foreign)}(?:/|$)`, `The layer table (${table}) keeps this library in another package.`)];
}

function banPaths(): ImportBan {
  return ban(
    `^\\.\\./(?:.*/)?(?:src|dist|node_modules)/|^${scope}[^/]+/(?:src|dist)/`,
    "Import packages by name, and only through their exports.",
  );
}

function ban(regex: string, message: string): ImportBan {
  return { regex, message };
}

function anyOf(words: readonly string[]): string {
  return `(?:${words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)).join("|")})`;
}
