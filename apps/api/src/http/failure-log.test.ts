import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { MillraceError } from "@millrace/contract";
import { createLogger } from "@millrace/telemetry";

import { createFailureLog } from "./failure-log.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>) };
  const logger = createLogger({ service: "api", profile: "test", level: "debug", format: "json", destination });
  return { lines, log: createFailureLog(logger) };
}

const refused = () => {
  const parts = ["::1", "127.0.0.1"].map((host) => new Error(`connect ECONNREFUSED ${host}`));
  const cause = Object.assign(new AggregateError(parts, "connect"), { code: "ECONNREFUSED" });
  return new MillraceError("UNAVAILABLE", "The database could not be reached", { cause });
};

describe("an outage", () => {
  it("is a line a second with a count, however many requests it costs", () => {
    const { lines, log } = open();
    for (let n = 0; n < 1_000; n++) log.failed(refused(), refused(), { traceId: `t${n}` });
    expect(lines).toMatchObject([{ level: "warn", count: 1, traceId: "t0" }]);
    vi.advanceTimersByTime(1_000);
    expect(lines).toMatchObject([{ count: 1 }, { count: 999, traceId: "t999" }]);
    vi.advanceTimersByTime(10_000);
    expect(lines).toHaveLength(2);
    log.failed(refused(), refused(), {});
    expect(lines).toMatchObject([{}, {}, { count: 1 }]);
  });

  it("says what happened, without stacks", () => {
    const { lines, log } = open();
    log.failed(refused(), refused(), { route: "/v1/jobs" });
    expect(lines).toMatchObject([
      {
        route: "/v1/jobs",
        err: { type: "MillraceError", code: "UNAVAILABLE", cause: { code: "ECONNREFUSED", errors: [{}, {}] } },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain("stack");
  });
});

describe("a fault of ours", () => {
  it("is a line each time, with its stack", () => {
    const { lines, log } = open();
    const told = new MillraceError("INTERNAL", "Ours.");
    for (let n = 0; n < 3; n++) log.failed(told, new TypeError("undefined is no function"), {});
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({
      level: "error",
      err: { type: "TypeError", stack: expect.stringContaining("at ") },
    });
  });

  it("is any code with status 500", () => {
    const { lines, log } = open();
    const error = new MillraceError("INTEGRITY_CHECK_FAILED", "A file is missing.", {
      cause: new Error("1/a.parquet"),
    });
    log.failed(error, error, {});
    expect(lines).toMatchObject([{ level: "error", err: { cause: { message: "1/a.parquet" } } }]);
  });

  it("is not what a client did wrong", () => {
    const { lines, log } = open();
    const error = new MillraceError("NOT_FOUND", "No such thing.");
    log.failed(error, error, {});
    expect(lines).toEqual([]);
  });
});
