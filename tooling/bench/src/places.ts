import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");

/** Where the pages are that belong to the documentation. */
export const pagesDir = resolve(root, "docs/benchmarks");

/** A path that was given on the command line, relative to where that was typed; a package script runs in the package's own folder. */
export function typedPath(path: string): string {
  return resolve(process.env["INIT_CWD"] ?? ".", path);
}

/** Where the records of all runs are, and pages that are only for looking at. */
export const resultsDir = resolve(root, "tooling/bench/results");
