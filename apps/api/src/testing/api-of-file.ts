import { afterAll } from "vitest";

import { type TestApi, type TestApiOptions, startTestApi } from "./start-test-api.ts";

/** One API for all tests of a file, with a key of every scope; it is closed after the last of them. */
export async function apiOfFile(options?: TestApiOptions): Promise<{ readonly api: TestApi; readonly key: string }> {
  const api = await startTestApi(options);
  afterAll(() => api.close());
  const { key } = await api.makeKey();
  return { api, key };
}
