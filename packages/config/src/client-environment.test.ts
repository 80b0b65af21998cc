import { tmpdir } from "node:os";

import { expect, test } from "vitest";

import { readClientEnvironment } from "./client-environment.ts";
import { loadConfig } from "./load.ts";

const env = { MILLRACE_URL: "https://millrace.example", MILLRACE_API_KEY: "k3y" };

test("a client's variables say where the API is and with which key, and an empty one says nothing", () => {
  expect(readClientEnvironment(env)).toEqual({ url: "https://millrace.example", apiKey: "k3y" });
  expect(readClientEnvironment({ MILLRACE_URL: " " })).toEqual({ url: undefined, apiKey: undefined });
});

test("a server started in a shell that has them starts all the same", () => {
  expect(() => loadConfig({ sections: ["server"], env, cwd: tmpdir() })).not.toThrow();
});
