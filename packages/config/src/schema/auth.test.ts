import { describe, expect, test } from "vitest";

import { load, problemsOf } from "../testing-load.ts";

const loadWith = (env: Record<string, string>) => load({ sections: ["auth"], env }).config.auth;
const staticMode = { MILLRACE_AUTH_MODE: "static", MILLRACE_AUTH_STATIC_KEYS: "dev-key:acme" };

describe("auth", () => {
  test("its defaults check keys in the database, and forget them within seconds", () => {
    expect(loadWith({})).toEqual({ mode: "postgres", staticKeys: [], cacheTtlMs: 5_000, negativeCacheTtlMs: 1_000 });
  });

  test("a static key is everything before the last colon, taken as given", () => {
    const keys = loadWith({ ...staticMode, MILLRACE_AUTH_STATIC_KEYS: "dev-key:acme,a:b=:globex" }).staticKeys;
    expect(keys).toEqual([
      { key: "dev-key", tenantId: "acme" },
      { key: "a:b=", tenantId: "globex" },
    ]);
  });

  test.each(["dev-key", ":acme", "dev-key:", "dev-key:Acme", "dev key:acme"])("%j is not a static key", (entry) => {
    const problems = problemsOf(() => loadWith({ ...staticMode, MILLRACE_AUTH_STATIC_KEYS: entry }));
    expect(problems).toMatchObject([{ name: "auth.staticKeys", got: "[redacted] as entry 1" }]);
  });

  test("static mode needs keys, and keys that nobody would check are refused", () => {
    expect(problemsOf(() => loadWith({ MILLRACE_AUTH_MODE: "static" }))).toMatchObject([{ name: "auth.staticKeys" }]);
    expect(problemsOf(() => loadWith({ MILLRACE_AUTH_STATIC_KEYS: "k:acme" }))).toMatchObject([
      { name: "auth.staticKeys", hint: "auth.mode is postgres (default)" },
    ]);
  });

  test("prod refuses static keys", () => {
    expect(problemsOf(() => loadWith(staticMode))).toEqual([]);
    expect(problemsOf(() => loadWith({ ...staticMode, MILLRACE_PROFILE: "prod" }))).toMatchObject([
      { name: "auth.mode", got: "static" },
    ]);
  });
});
