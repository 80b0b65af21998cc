import { describe, expect, test } from "vitest";

import { printConfig } from "./print.ts";
import { load } from "./testing-load.ts";

const loaded = () =>
  load({
    sections: ["auth", "logging"],
    yaml: "logging: {level: debug}",
    env: { MILLRACE_AUTH_MODE: "static", MILLRACE_AUTH_STATIC_KEYS: "s3cret:acme", MILLRACE_AUTH_CACHE_TTL_MS: "2000" },
  });

describe("the effective configuration", () => {
  test("as lines: name, value as people write it, source", () => {
    expect(printConfig(loaded()).split("\n")).toEqual([
      "logging.level            debug       millrace.yaml:1:18",
      "logging.format           text        profile dev",
      "logging.payloads         false       default",
      "logging.redact           -           default",
      "auth.mode                static      MILLRACE_AUTH_MODE",
      "auth.staticKeys          [redacted]  MILLRACE_AUTH_STATIC_KEYS",
      "auth.cacheTtlMs          2s          MILLRACE_AUTH_CACHE_TTL_MS",
      "auth.negativeCacheTtlMs  1s          default",
    ]);
  });

  test("as JSON: exact values, with null for what is unset", () => {
    expect(JSON.parse(printConfig(loaded(), "json"))).toMatchObject({
      profile: "dev",
      warnings: [],
      values: {
        "logging.redact": { value: [], source: "default" },
        "auth.staticKeys": { value: "[redacted]" },
        "auth.cacheTtlMs": { value: 2_000, source: "MILLRACE_AUTH_CACHE_TTL_MS" },
      },
    });
    const worker = JSON.parse(printConfig(load({ sections: ["worker"] }), "json")) as { values: object };
    expect(worker.values).toHaveProperty(["worker.name"], { value: null, source: "default" });
    expect(worker.values).toHaveProperty(["worker.httpRequest.signingSecret"], { value: null, source: "default" });
  });
});
