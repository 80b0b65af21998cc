import { describe, expect, test } from "vitest";

import { suggest } from "./suggest.ts";

const names = ["server.port", "server.requestTimeoutMs", "database.url"];

describe("suggestions", () => {
  test.each([
    ["server.prot", "server.port"],
    ["SERVER.PORT", "server.port"],
    ["server.requestTimeout", "server.requestTimeoutMs"],
    ["databse.url", "database.url"],
  ])("%s was meant to be %s", (given, meant) => expect(suggest(given, names)).toBe(meant));

  test.each(["", "x", "metrics.enabled", "lake.endpoint"])("%j is near nothing", (given) =>
    expect(suggest(given, names)).toBeUndefined(),
  );

  test("a short word isn't taken for one that shares no letter", () => expect(suggest("ab", ["xy"])).toBeUndefined());

  test("nothing is suggested where there is nothing to choose from", () => expect(suggest("port", [])).toBeUndefined());
});
