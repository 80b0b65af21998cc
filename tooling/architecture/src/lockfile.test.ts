import { readFileSync } from "node:fs";

import { expect, test } from "vitest";
import { parse } from "yaml";

interface Lockfile {
  readonly snapshots: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

/** Where a clone is started, and what images are for. */
const platforms = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "win32-x64"];

test("the lockfile has the native code of DuckDB for every platform: a registry that lacks some leaves them out without a word", () => {
  const text = readFileSync(new URL("../../../pnpm-lock.yaml", import.meta.url), "utf8");
  const { snapshots } = parse(text) as Lockfile;
  const bindings = Object.entries(snapshots).filter(([name]) => name.startsWith("@duckdb/node-bindings@"));
  expect(bindings).toHaveLength(1);
  for (const [, { optionalDependencies = {} }] of bindings) {
    const names = platforms.map((platform) => `@duckdb/node-bindings-${platform}`);
    expect(Object.keys(optionalDependencies)).toEqual(expect.arrayContaining(names));
  }
});
