import { describe, expect, test } from "vitest";

import { commands } from "./commands.ts";
import { parseCommandLine } from "./parse-command-line.ts";
import { UsageError } from "./usage-error.ts";

const ask = (...argv: string[]) => parseCommandLine(argv, "1.2.3");
const textOf = async (...argv: string[]) => {
  const asked = await ask(...argv);
  return "text" in asked ? asked.text : undefined;
};

describe("help", () => {
  test.each([[], ["--help"], ["-h"], ["help"]])("%j lists every command, without colours", async (...argv) => {
    const text = await textOf(...argv);
    for (const name of Object.keys(commands)) expect(text).toContain(` ${name} `);
    expect(text).not.toContain("\u001B");
  });

  test("of a command tells its flags", async () => {
    const text = await textOf("dev", "--port", "1", "--help");
    for (const name of ["port", "data-dir", "api-key", "reset", "database-url", "no-worker"]) {
      expect(text).toContain(`--${name}`);
    }
  });

  test("of a group is what it answers without a command", async () => {
    expect(await textOf("config")).toContain("print|check|schema");
    expect(await textOf("keys")).toBe(await textOf("keys", "--help"));
  });

  test("the version is what the package says", async () => expect(await textOf("--version")).toBe("1.2.3"));
});

describe("a wrong command line is refused with a sentence", () => {
  test.each([
    [["dve"], "There is no command dve; did you mean dev?"],
    [["config", "prnit"], "There is no command prnit; did you mean print?"],
    [["--prot"], "There is no flag --prot."],
    [["dev", "--prot", "1"], "There is no flag --prot; did you mean --port?"],
    [["dev", "-p", "1"], "There is no flag -p."],
    [["dev", "--port"], "--port needs a value."],
    [["dev", "--port="], "--port needs a value."],
    [["dev", "--port", "--reset"], "--port needs a value."],
    [["dev", "--reset=yes"], "--reset takes no value."],
    [["dev", "--worker"], "There is no flag --worker; did you mean --no-worker?"],
    [["dev", "9000"], '"9000" is one word too many.'],
    [["dev", "--", "9000"], '"9000" is one word too many.'],
    [["keys", "create"], "--name is needed."],
    [["query"], "<sql> is needed."],
    [["query", "select 1", "select 2"], '"select 2" is one word too many.'],
    [["query", "select 1", "--param"], "--param needs a value."],
    [["constructor"], "There is no command constructor."],
    [["dev", "--toString"], "There is no flag --toString."],
  ])("%j: %s", async (argv, message) => {
    const error = await ask(...argv).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toHaveProperty("message", message);
  });

  test("and names the command whose help to read", async () => {
    await expect(ask("keys", "create")).rejects.toHaveProperty("command", "millrace keys create");
  });
});

describe("what is right runs", () => {
  test.each([
    [["dev"]],
    [["dev", "--port", "9000", "--reset"]],
    [["dev", "--port=9000", "--api-key=-starts-with-a-dash"]],
    [["dev", "--", "--port", "9000"]],
    [["migrate", "status", "--json"]],
    [["migrate", "--help"]],
    [["query", "select 1", "--param", "a=1", "--param", "b=2"]],
    [["query", "--format", "csv", "--", "-- a comment\nselect 1"]],
  ])("%j", async (argv) => expect(await ask(...argv)).toHaveProperty("run"));
});
