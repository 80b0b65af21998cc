import { vi } from "vitest";

import { patienceMs } from "./patience-ms.ts";

/** The set-up of every test file: a condition may take its time, where `vi.waitFor` gives it a second. Settings have that for `expect.poll` alone. */
const { waitFor } = vi;
vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === "number" ? options : { timeout: patienceMs, ...options });
