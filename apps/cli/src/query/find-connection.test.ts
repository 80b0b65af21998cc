import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { keepConnection, readConnection } from "../dev/connection-file.ts";
import { Refusal } from "../refusal.ts";
import { UsageError } from "../usage-error.ts";
import { type ConnectionFlags, findConnection } from "./find-connection.ts";

const running = { url: "http://127.0.0.1:5555", apiKey: "kept" };
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-connection-"));
});

afterEach(() => rm(folder, { recursive: true }));

function find(flags: Partial<ConnectionFlags> = {}, env: Record<string, string> = {}) {
  const out = { write: () => true };
  const io = { stdout: out, stderr: out, env, cwd: folder, signal: new AbortController().signal };
  return findConnection(io, { url: undefined, apiKey: undefined, dataDir: ".", ...flags });
}

describe("the API to ask", () => {
  test("is the one that runs on the data folder, as long as it runs", async () => {
    const kept = await keepConnection(folder, running);
    expect(await find()).toEqual({ ...running, ofDev: true });
    expect((await stat(join(folder, "connection.json"))).mode & 0o777).toBe(0o600);
    await kept.stop(0);
    await expect(find()).rejects.toThrow(Refusal);
  });

  test("is the environment's before that, and a flag's before all", async () => {
    await keepConnection(folder, running);
    const env = { MILLRACE_URL: "https://a.example", MILLRACE_API_KEY: "a" };
    expect(await find({}, env)).toMatchObject({ url: "https://a.example", apiKey: "a" });
    expect(await find({ url: "https://b.example", apiKey: "b" }, env)).toMatchObject({
      url: "https://b.example",
      apiKey: "b",
    });
    expect(await find({ apiKey: "b" })).toEqual({ url: running.url, apiKey: "b", ofDev: true });
  });

  test("never gets the key of another", async () => {
    await keepConnection(folder, running);
    await expect(find({ url: "https://a.example" })).rejects.toThrow("https://a.example needs an API key");
    expect(await find({ url: "http://127.0.0.1:5555/" })).toMatchObject({ apiKey: "kept" });
  });

  test.each(["a.example", "ftp://a.example"])("is no %s", async (url) => {
    await expect(find({ url, apiKey: "a" })).rejects.toThrow(UsageError);
  });

  test("is taken up again by the next start after a kill", async () => {
    await keepConnection(folder, running);
    await keepConnection(folder, { ...running, apiKey: "new" });
    expect(await readConnection(folder)).toEqual({ ...running, apiKey: "new" });
  });
});
