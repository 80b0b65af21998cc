import { describe, expect, it } from "vitest";

import { type Logger, silentLogger } from "@millrace/telemetry";

import { createOutages } from "./outages.ts";

describe("the log of outages", () => {
  it("says an outage once, again every half minute, and when it is over", () => {
    const lines: [string, unknown][] = [];
    const logger: Logger = {
      ...silentLogger,
      warn: (fields) => lines.push(["warn", fields]),
      info: (fields) => lines.push(["info", fields]),
    };
    let nowMs = 0;
    const outages = createOutages(logger, () => nowMs);
    for (; nowMs <= 61_000; nowMs += 1_000) outages.failed("claim", new Error("away"));
    expect(lines.map(([level]) => level)).toEqual(["warn", "warn", "warn"]);
    expect(outages.failing()).toEqual(["claim"]);
    outages.recovered("heartbeat");
    outages.recovered("claim");
    outages.recovered("claim");
    expect(lines).toHaveLength(4);
    expect(lines[3]).toEqual(["info", { component: "claim", count: 62, outageMs: 62_000 }]);
    expect(outages.failing()).toEqual([]);
  });
});
