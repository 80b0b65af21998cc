import { describe, expect, test } from "vitest";

import { didYouMean } from "./suggest.ts";

const commands = ["dev", "migrate", "keys", "config"];

describe("didYouMean", () => {
  test.each([
    ["dve", "dev"],
    ["DEV", "dev"],
    ["migarte", "migrate"],
    ["confg", "config"],
    ["kyes", "keys"],
  ])("%s was meant to be %s", (given, meant) => {
    expect(didYouMean(given, commands)).toBe(`; did you mean ${meant}?`);
  });

  test.each(["serve", "x", ""])("says nothing about %j, which is near to none", (given) => {
    expect(didYouMean(given, commands)).toBe("");
  });

  test("prefers the nearest", () =>
    expect(didYouMean("--pot", ["--port", "--post", "--potx", "--pot1"])).toMatch(/--po/));
});
