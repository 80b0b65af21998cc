import { describe, expect, test } from "vitest";

import { ConfigError } from "@millrace/config";
import { MillraceError } from "@millrace/contract";

import { explain } from "./explain.ts";
import { Refusal } from "./refusal.ts";
import { UsageError } from "./usage-error.ts";

describe("explain", () => {
  test("a wrong command line ends with 2 and where to read on", () => {
    expect(explain(new UsageError("There is no flag --x.", "millrace dev"))).toEqual({
      message: "There is no flag --x. See millrace dev --help.",
      exitCode: 2,
    });
  });

  test("a wrong configuration ends with 78 and every problem", () => {
    const problem = { name: "server.port", source: "--port", expected: "an integer" };
    const { message, exitCode } = explain(new ConfigError([problem, { ...problem, name: "server.host" }]));
    expect(exitCode).toBe(78);
    expect(message.split("\n")).toEqual([
      "The configuration has 2 problems.",
      "server.port (--port): expected an integer",
      "server.host (--port): expected an integer",
    ]);
  });

  test.each([new Refusal("No."), new MillraceError("UNAVAILABLE", "No")])("%s is its sentence, with 1", (error) => {
    expect(explain(error)).toEqual({ message: "No.", exitCode: 1 });
  });

  test("an input that was refused tells what is wrong with each field", () => {
    const errors = [{ path: "scopes.0", code: "invalid_value", message: "One of jobs:read, jobs:write." }];
    expect(explain(new MillraceError("VALIDATION_FAILED", "The input is not valid", { errors })).message).toBe(
      "The input is not valid. scopes.0: One of jobs:read, jobs:write.",
    );
  });

  test("a fault of ours is one line with its place, without the stack", () => {
    const { message, exitCode } = explain(new TypeError("x is not a function"));
    expect(exitCode).toBe(1);
    expect(message).toMatch(
      /^Something unexpected went wrong: TypeError: x is not a function \(.*explain\.test\.ts:\d+\)\.$/,
    );
  });

  test("what isn't an error is told as it is", () => {
    expect(explain("text").message).toBe("Something unexpected went wrong: text.");
  });
});
