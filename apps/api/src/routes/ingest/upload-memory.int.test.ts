import { type ChildProcess, spawn } from "node:child_process";

import { afterAll, beforeAll, expect, test } from "vitest";

import { patientEnv, type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { makeTable } from "../../testing/make-table.ts";
import { measureUpload } from "../../testing/measure-upload.ts";
import { type TestApi, startTestApi } from "../../testing/start-test-api.ts";

const mebibyte = 1_024 * 1_024;
const main = new URL("../../main.ts", import.meta.url).pathname;

let database: TestDatabase;
let api: TestApi;
let child: ChildProcess;
let url: string;

/** The API as a process of its own, beside one that makes the table and the key. */
beforeAll(async () => {
  database = await testDatabase();
  api = await startTestApi({ database });
  child = spawn(process.execPath, ["--conditions=@millrace/source", main], {
    cwd: import.meta.dirname,
    env: {
      PATH: process.env["PATH"],
      MILLRACE_PROFILE: "dev",
      MILLRACE_LOGGING_FORMAT: "json",
      DATABASE_URL: database.url,
      ...patientEnv,
      PORT: "0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let written = "";
  url = await new Promise((resolve) => {
    child.stdout?.on("data", (text: Buffer) => {
      written += text.toString();
      const found = /"url":"([^"]+)"/.exec(written)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
});
afterAll(async () => {
  child.kill("SIGKILL");
  await api.close();
  await database.close();
});

test.each([false, true])("memory doesn't grow with an upload (gzip: %s)", { timeout: 300_000 }, async (gzip) => {
  const name = gzip ? "zipped" : "plain";
  await makeTable(api, { name, columns: { n: "int64", filler: "varchar" } });
  const { key } = await api.makeKey();
  const filler = "x".repeat(8_000);
  // Most are duplicates, which take as much memory and no disk.
  const line = (n: number) => JSON.stringify({ idempotencyKey: `k${n % 100}`, payload: { n: n % 100, filler } });
  const upload = (bytes: number) => measureUpload({ url, key, table: name, gzip, line, bytes });
  // The first one brings in what every process holds sooner or later: code, connections, the space that the collector likes to have.
  await upload(20 * mebibyte);
  const { status, body, beforeBytes, peakBytes } = await upload(200 * mebibyte);
  expect(status).toBe(202);
  expect(JSON.parse(body)).toMatchObject({ acceptedCount: 0, rejectedCount: 0 });
  expect(peakBytes - beforeBytes).toBeLessThan(100 * mebibyte);
});
