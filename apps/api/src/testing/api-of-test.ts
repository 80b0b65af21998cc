import { onTestFinished } from "vitest";

import { type TestApi, type TestApiOptions, startTestApi } from "./start-test-api.ts";

/** An API for the test that runs, on a database of its own; it is closed when the test is over. */
export async function apiOfTest(options?: TestApiOptions): Promise<TestApi> {
  const api = await startTestApi(options);
  onTestFinished(() => api.close());
  return api;
}
