import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { patientEnv, type TestDatabase, testDatabase } from "@millrace/storage/testing";

const run = promisify(execFile);
const entry = new URL("create-key.ts", import.meta.url).pathname;

describe("making a key from the API's container", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.close());

  const createKey = (
    flags: readonly string[],
    env: Record<string, string> = { DATABASE_URL: database.url, ...patientEnv },
  ) =>
    run(process.execPath, ["--conditions=@millrace/source", entry, ...flags], { env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: unknown) => error as { code: number; stdout: string; stderr: string },
    );

  it("prints a key that is in the database, alone on standard output", async () => {
    const { code, stdout } = await createKey(["--name", "first", "--tenant", "acme", "--scopes", "jobs:read"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mr_[a-z]+_\w+\n$/);
    const rows = await database.database.query({
      name: "test",
      text: "select tenant_id, name, scopes from millrace.api_keys",
    });
    expect(rows).toEqual([{ tenant_id: "acme", name: "first", scopes: ["jobs:read"] }]);
  });

  it.each([
    ["a key without a name", [], /name/],
    ["a scope that is none", ["--name", "x", "--scopes", "jobs:eat"], /scopes/],
    ["a flag that is none", ["--name", "x", "--colour", "red"], /colour/],
  ])("refuses %s in a sentence", async (_what, flags, sentence) => {
    const { code, stdout, stderr } = await createKey(flags);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n +at /);
  });

  it("exits with 78 without a database", async () => {
    expect((await createKey(["--name", "x"], {})).code).toBe(78);
  });
});
