import { describe, expect, test } from "vitest";

import { Refusal } from "../refusal.ts";
import { UsageError } from "../usage-error.ts";
import { chooseFormat, type FormatChoice } from "./choose-format.ts";

const choose = (choice: Partial<FormatChoice>) =>
  chooseFormat({ format: undefined, output: undefined, isTerminal: false, ...choice });

describe("the format of a result", () => {
  test.each([
    [{ isTerminal: true }, "table"],
    [{ isTerminal: false }, "ndjson"],
    [{ isTerminal: true, format: "csv" }, "csv"],
    [{ output: "a/rows.parquet" }, "parquet"],
    [{ output: "rows.JSONL", isTerminal: true }, "ndjson"],
    [{ output: "rows.csv", format: "json" }, "json"],
    [{ output: "rows", format: "parquet", isTerminal: true }, "parquet"],
  ] as const)("of %j is %s", (choice, format) => expect(choose(choice)).toBe(format));

  test("is never bytes on a terminal", () => {
    expect(() => choose({ format: "parquet", isTerminal: true })).toThrow(Refusal);
  });

  test("is asked for where neither flag nor name tells it, or the flag is wrong", () => {
    expect(() => choose({ output: "rows" })).toThrow(UsageError);
    expect(() => choose({ format: "cvs" })).toThrow(/not "cvs"; did you mean csv\?/);
  });
});
