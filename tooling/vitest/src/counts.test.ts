import { expect, test } from "vitest";

import { countTests, formatCounts, type CountedModule, type TestState } from "./counts.ts";

function moduleOf(
  states: readonly TestState[],
  errors: { readonly module?: number; readonly suite?: number } = {},
): CountedModule {
  return {
    errors: () => Array.from({ length: errors.module ?? 0 }),
    children: {
      allTests: () => states.map((state) => ({ result: () => ({ state }) })),
      allSuites: () => [{ errors: () => Array.from({ length: errors.suite ?? 0 }) }],
    },
  };
}

test("every test of every module is counted once", () => {
  const modules = [moduleOf(["passed", "failed"]), moduleOf(["passed", "skipped", "passed"])];
  expect(countTests(modules, [])).toEqual({ passed: 3, failed: 1, skipped: 1 });
});

test("a file that can't be imported counts as a failure", () => {
  expect(countTests([moduleOf([], { module: 1 })], []).failed).toBe(1);
});

test("a broken set-up of a suite counts as a failure besides the tests that it skipped", () => {
  expect(countTests([moduleOf(["skipped"], { suite: 2 })], [])).toEqual({ passed: 0, failed: 1, skipped: 1 });
});

test("an unhandled error counts as a failure", () => {
  expect(countTests([moduleOf(["passed"])], [new Error("late")])).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("a test that never ended counts as a failure", () => {
  expect(countTests([moduleOf(["pending"])], []).failed).toBe(1);
});

test("the line names skipped tests only when there are some", () => {
  expect(formatCounts({ passed: 2, failed: 0, skipped: 0 })).toBe("2 passed, 0 failed");
  expect(formatCounts({ passed: 2, failed: 1, skipped: 3 })).toBe("2 passed, 1 failed, 3 skipped");
});
