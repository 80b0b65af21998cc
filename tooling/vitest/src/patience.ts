import { vi } from "vitest";

import { patienceMs } from "./patience-ms.ts";

/** The set-up of every test file: a condition may take its time, where `vi.waitFor` and `vi.waitUntil` give it a second. Settings have that for `expect.poll` alone. */
const { waitFor, waitUntil } = vi;
vi.waitFor = (callback, options) => waitFor(callback, patient(options));
vi.waitUntil = (callback, options) => waitUntil(callback, patient(options));

type Options = Parameters<typeof waitFor>[1];

function patient(options: Options): Options {
  return typeof options === "number" ? options : { timeout: patienceMs, ...options };
}
