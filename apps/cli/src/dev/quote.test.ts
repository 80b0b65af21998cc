import { execFileSync } from "node:child_process";

import { describe, expect, test } from "vitest";

import { quote } from "./quote.ts";

describe("quote", () => {
  test.each(["it's", "a b", '$HOME `id` \\ " !x', "*?[a]", "", "ab\tcd", "''", "#x", "~", "http://127.0.0.1:8080/v1"])(
    "a shell reads %j back as it was",
    (text) => {
      expect(execFileSync("sh", ["-c", `printf %s ${quote(text)}`]).toString()).toBe(text);
    },
  );

  test("an address stays readable", () => {
    expect(quote("http://127.0.0.1:8080/v1/jobs")).toBe("http://127.0.0.1:8080/v1/jobs");
  });
});
