import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");

/** Where the pages are that belong to the documentation. */
export const pagesDir = resolve(root, "docs/benchmarks");

/** Where the records of all runs are, and pages that are only for looking at. */
export const resultsDir = resolve(root, "tooling/bench/results");
