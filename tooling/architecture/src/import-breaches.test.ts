import { matchesGlob } from "node:path";

import { expect, test } from "vitest";

import { findImportBreaches } from "./import-breaches.ts";
import { isTestSource, testGlobs } from "./layers.ts";

test.each([
  ["a package above", "contract", "index.ts", 'import { claim } from "@millrace/storage";'],
  ["a package that the row does not name", "worker", "main.ts", 'import { sql } from "@millrace/storage";'],
  ["a type of such a package", "worker", "main.ts", 'import type { Job } from "@millrace/storage";'],
  ["a re-export of such a package", "worker", "main.ts", 'export * from "@millrace/storage";'],
  ["an import at run time", "worker", "main.ts", 'const storage = await import("@millrace/storage");'],
  ["an import over several lines", "worker", "main.ts", 'import {\n  a,\n  b,\n} from "@millrace/storage/migrate";'],
  ["the driver outside storage", "core", "jobs/claim.ts", 'import postgres from "postgres";'],
  ["the driver in a test outside storage", "core", "jobs/claim.test.ts", 'import postgres from "postgres";'],
  ["a library of the wrong package", "core", "index.ts", 'import { Hono } from "hono";'],
  ["a library outside its subpath", "auth", "index.ts", 'import { createMiddleware } from "hono/factory";'],
  ["the test runner in source", "core", "index.ts", 'import { vi } from "vitest";'],
  ["a testing entry point in source", "core", "index.ts", 'import { x } from "@millrace/storage/testing";'],
  ["the testing entry point of a package above", "storage", "a.test.ts", 'import { x } from "@millrace/core/testing";'],
  ["another package by path", "core", "jobs/enqueue.ts", 'import { x } from "../../../contract/src/ids.ts";'],
])("%s is a breach", (_, name, path, text) => {
  expect(findImportBreaches(name, { path, text })).toHaveLength(1);
});

test.each([
  ["a package of the row", "worker", "main.ts", 'import { createWorker } from "@millrace/core";'],
  ["a library in its subpath", "auth", "hono.ts", 'import { createMiddleware } from "hono/factory";'],
  [
    "a testing entry point below, in a test",
    "api",
    "app.int.test.ts",
    'import { x } from "@millrace/storage/testing";',
  ],
  ["the test runner in a test", "core", "index.test.ts", 'import { test } from "vitest";'],
  ["Node's own module", "core", "index.ts", 'import { createHash } from "node:crypto";'],
  ["a file of the same package", "core", "jobs/enqueue.ts", 'import { authorise } from "../authorise.ts";'],
  [
    "a comment that names a package",
    "core",
    "index.ts",
    '// Unlike import("hono"), see "postgres".\n/** import "postgres" */',
  ],
])("%s is allowed", (_, name, path, text) => {
  expect(findImportBreaches(name, { path, text })).toEqual([]);
});

test.each([
  ["claim.test.ts", true],
  ["jobs/claim.int.test.ts", true],
  ["migrate/testing.test.support.ts", true],
  ["testing.ts", true],
  ["testing/clone-database.ts", true],
  ["testing-clock.ts", true],
  ["jobs/describe-job-store.ts", true],
  ["index.ts", false],
  ["jobs/claim.ts", false],
  ["describe.ts", false],
  ["testings.ts", false],
  ["latest/index.ts", false],
])("the layer table and lint agree whether %s is test source: %s", (path, expected) => {
  expect(isTestSource(path)).toBe(expected);
  expect(testGlobs.some((glob) => matchesGlob(path, glob))).toBe(expected);
});
