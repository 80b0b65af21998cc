import { describe, expect, test } from "vitest";

import { ConfigError, configExitCode, formatProblems } from "./problems.ts";

const problem = { name: "server.port", source: "PORT", expected: "an integer from 0 to 65535" };

describe("problems", () => {
  test("the exit code is the one that sysexits calls EX_CONFIG", () => expect(configExitCode).toBe(78));

  test("each is one line with name, source, expectation, finding and hint", () => {
    const error = new ConfigError([problem, { ...problem, got: '"x"', hint: "try 8080" }]);
    expect(formatProblems(error).split("\n")).toEqual([
      "server.port (PORT): expected an integer from 0 to 65535",
      'server.port (PORT): expected an integer from 0 to 65535, got "x"; try 8080',
    ]);
  });

  test("the message counts them", () => {
    expect(new ConfigError([problem]).message).toBe("The configuration has 1 problem");
    expect(new ConfigError([problem, problem]).message).toBe("The configuration has 2 problems");
  });

  test("a name from a file can't forge a line or steer a terminal", () => {
    const error = new ConfigError([{ ...problem, name: "a\nb\u001b[2J\u202e\u2028" }]);
    expect(formatProblems(error)).toBe(
      "a\\u{a}b\\u{1b}[2J\\u{202e}\\u{2028} (PORT): expected an integer from 0 to 65535",
    );
  });
});
