/** What a run came to. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** How one test ended, in Vitest's words. */
export type TestState = "passed" | "failed" | "skipped" | "pending";

/** The part of a test module that counting needs; Vitest's own `TestModule` fits. */
export interface CountedModule {
  errors(): readonly unknown[];
  readonly children: {
    allTests(): Iterable<{ result(): { readonly state: TestState } }>;
    allSuites(): Iterable<{ errors(): readonly unknown[] }>;
  };
}

/**
 * Counts the tests of a run. What broke outside a test counts as failed, since its tests never ran: a file that can't
 * be imported, a broken `beforeAll`, an unhandled error. So does a test that never came to an end.
 */
export function countTests(modules: readonly CountedModule[], unhandledErrors: readonly unknown[]): Counts {
  let [passed, failed, skipped] = [0, unhandledErrors.length, 0];
  for (const module of modules) {
    if (module.errors().length > 0) failed += 1;
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed += 1;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") passed += 1;
      else if (state === "skipped") skipped += 1;
      else failed += 1;
    }
  }
  return { passed, failed, skipped };
}

/** The counts as one line, such as `12 passed, 0 failed`. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
