import { describe, expect, test } from "vitest";

import { load, problemsOf } from "../testing-load.ts";

const loadIn = (profile: string, yaml = "") =>
  load({ sections: ["logging"], yaml, env: { MILLRACE_PROFILE: profile } }).config.logging;

describe("logging", () => {
  test("its defaults suit the place: text in dev, quiet in test, JSON in prod", () => {
    const common = { payloads: false, redact: [] };
    expect(loadIn("dev")).toEqual({ ...common, level: "info", format: "text" });
    expect(loadIn("test")).toEqual({ ...common, level: "warn", format: "json" });
    expect(loadIn("prod")).toEqual({ ...common, level: "info", format: "json" });
  });

  test("prod refuses to log payloads", () => {
    const yaml = "logging: {payloads: true}";
    expect(loadIn("dev", yaml).payloads).toBe(true);
    expect(problemsOf(() => loadIn("prod", yaml))).toMatchObject([{ name: "logging.payloads", got: "true" }]);
  });

  test("a field name is a name", () => {
    expect(loadIn("dev", "logging: {redact: [card.number]}").redact).toEqual(["card.number"]);
    expect(problemsOf(() => loadIn("dev", "logging: {redact: ['a b']}"))).toHaveLength(1);
  });
});
