import { tmpdir } from "node:os";

import { describe, expect, test } from "vitest";

import { runMillrace } from "./run-millrace.ts";

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  let output = "";
  let errors = "";
  const code = await runMillrace(argv, {
    stdout: { write: (text) => (output += String(text)) },
    stderr: { write: (text) => (errors += String(text)) },
    env,
    cwd: tmpdir(),
    signal: new AbortController().signal,
  });
  return { code, output, errors };
}

const database = { MILLRACE_DATABASE_URL: "postgres://me:hush-hush@db.example/ours" };

describe("millrace", () => {
  test("without a word shows its help", async () => {
    expect(await run([])).toMatchObject({ code: 0, errors: "", output: expect.stringContaining("dev") as string });
  });

  test("ends with 2 where the command line is wrong", async () => {
    expect(await run(["confg"])).toEqual({
      code: 2,
      output: "",
      errors: "millrace: There is no command confg; did you mean config? See millrace --help.\n",
    });
  });

  test("migrate hands its flags on", async () => {
    const { code, output } = await run(["migrate", "--help"]);
    expect(code).toBe(0);
    for (const name of ["up", "down", "status", "plan", "verify"]) expect(output).toContain(name);
  });
});

describe("millrace config", () => {
  test("print shows every value with its source, and no secret", async () => {
    const { code, output, errors } = await run(["config", "print"], { ...database, PORT: "9000" });
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toMatch(/^server\.port +9000 +PORT$/m);
    expect(output).toMatch(/^database\.url +postgres:\/\/\S+ +MILLRACE_DATABASE_URL$/m);
    expect(output).not.toContain("hush-hush");
  });

  test("print --json is for programs", async () => {
    const { output } = await run(["config", "print", "--json"], database);
    expect(JSON.parse(output)).toMatchObject({ profile: "dev", values: { "server.port": { value: 8_080 } } });
    expect(output).not.toContain("hush-hush");
  });

  test("check says so when all is well, and what is probably not meant", async () => {
    expect(await run(["config", "check"], { ...database, NODE_ENV: "production" })).toEqual({
      code: 0,
      output: "The configuration is valid (profile dev).\n",
      errors: "millrace: NODE_ENV is production, but MILLRACE_PROFILE is not set: the profile is dev.\n",
    });
  });

  test.each(["print", "check"])("%s ends with 78 and names every problem at once", async (command) => {
    const { code, output, errors } = await run(["config", command], { MILLRACE_SERVER_PROT: "1", PORT: "x" });
    expect({ code, output }).toEqual({ code: 78, output: "" });
    for (const name of ["MILLRACE_SERVER_PROT", "server.port (PORT)", "database.url (not set)"]) {
      expect(errors).toContain(name);
    }
  });

  test("schema is a JSON Schema of the file", async () => {
    const { code, output } = await run(["config", "schema"]);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ type: "object", properties: { server: { type: "object" } } });
  });
});
