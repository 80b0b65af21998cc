import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

import { setTenant, traceContext } from "../trace/trace-context.ts";
import { createLogger, type LoggerOptions, silentLogger } from "./create-logger.ts";

const captured = (options: Partial<LoggerOptions> = {}) => {
  const lines: string[] = [];
  const logger = createLogger({
    service: "api",
    profile: "test",
    level: "debug",
    format: "json",
    destination: { write: (line) => lines.push(line) },
    ...options,
  });
  return { logger, lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
};

const levelsWritten = (level: LoggerOptions["level"]) => {
  const { logger, records } = captured({ level });
  for (const at of ["debug", "info", "warn", "error"] as const) logger[at]({}, at);
  return records().map((record) => record["level"]);
};

describe("createLogger, json", () => {
  it("writes one JSON object a line with level, time, service, profile, the fields and msg", () => {
    const { logger, lines, records } = captured();
    logger.info({ jobId: "j1", durationMs: 12 }, "job completed");
    expect(records()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        service: "api",
        profile: "test",
        jobId: "j1",
        durationMs: 12,
        msg: "job completed",
      },
    ]);
    expect(lines[0]?.endsWith("}\n")).toBe(true);
    expect(Math.abs(Date.parse(String(records()[0]?.["time"])) - Date.now())).toBeLessThan(60_000);
  });

  it("writes the levels at and above its own, and nothing when silent", () => {
    expect(levelsWritten("debug")).toEqual(["debug", "info", "warn", "error"]);
    expect(levelsWritten("warn")).toEqual(["warn", "error"]);
    expect(levelsWritten("trace")).toEqual(["debug", "info", "warn", "error"]);
    expect(levelsWritten("fatal")).toEqual([]);
    expect(levelsWritten("silent")).toEqual([]);
  });

  it("takes tenant and traceId from the running trace, without being told", () => {
    const { logger, records } = captured();
    traceContext.run({ traceId: "order-42" }, () => {
      logger.info({}, "before the key is checked");
      setTenant("acme");
      logger.info({}, "after");
    });
    logger.info({}, "outside");
    expect(records().map(({ tenant, traceId }) => ({ tenant, traceId }))).toEqual([
      { tenant: undefined, traceId: "order-42" },
      { tenant: "acme", traceId: "order-42" },
      { tenant: undefined, traceId: undefined },
    ]);
  });

  it("writes no key twice, whoever names it: trace, child and call", () => {
    const { logger, lines, records } = captured();
    const child = logger.child({ queue: "a", tenant: "child", worker: "w1" }).child({ attempt: 1 });
    traceContext.run({ traceId: "t", tenant: "trace" }, () => {
      child.info({ queue: "b", service: "x", level: "x" }, "hello");
    });
    expect(records()[0]).toMatchObject({
      queue: "b",
      tenant: "child",
      worker: "w1",
      attempt: 1,
      traceId: "t",
      service: "api",
    });
    const keys = [...(lines[0] ?? "").matchAll(/"(\w+)":/g)].map(([, key]) => key);
    expect(keys).toEqual([...new Set(keys)]);
  });

  it("writes an error with its code and cause", () => {
    const { logger, records } = captured();
    const err = Object.assign(new Error("lost", { cause: new Error("why") }), {
      name: "MillraceError",
      code: "LEASE_LOST",
    });
    logger.error({ err }, "could not complete");
    expect(records()[0]).toMatchObject({
      level: "error",
      errorCode: "LEASE_LOST",
      err: { type: "MillraceError", message: "lost", code: "LEASE_LOST", cause: { message: "why" } },
    });
  });

  it("withholds what it is told to, from the trace too", () => {
    const { logger, records } = captured({ redact: ["tenant"] });
    traceContext.run({ traceId: "t", tenant: "acme" }, () => logger.info({}, "x"));
    expect(records()[0]).toMatchObject({ tenant: "[redacted]", traceId: "t" });
  });

  it("flushes the destination, where that can be", () => {
    let flushed = 0;
    captured({ destination: { write: () => undefined, flushSync: () => void (flushed += 1) } }).logger.flush();
    captured().logger.child({}).flush();
    expect(flushed).toBe(1);
  });
});

describe("secrets", () => {
  const canary = "CANARY7f3a9c";
  const leaks = (logger: ReturnType<typeof captured>["logger"]): void => {
    const request = {
      method: "POST",
      url: `https://user:${canary}@example.com/v1/jobs?api_key=${canary}#${canary}`,
      headers: { authorization: `Bearer ${canary}`, cookie: canary, "x-api-key": canary },
      query: { q: canary },
      body: { card: canary },
    };
    logger.info({ ...request, request, [canary]: 1 }, `got ${request.url}`);
    logger.warn(
      { path: `/v1/jobs?token=${canary}`, payload: request.body, result: canary, sql: `select '${canary}'` },
      "x",
    );
    logger.child({ authorization: canary, headers: request.headers }).info({ args: [canary] }, `Bearer ${canary}`);
    try {
      JSON.parse(`${canary}{`);
    } catch (err) {
      logger.error({ err }, "bad body");
    }
    const err = Object.assign(new Error(`fetch ${request.url} failed`), { request, detail: canary, code: "22P02" });
    logger.error({ err: new Error("outer", { cause: err }) }, "failed");
    logger.error({ error: err, e: err }, "failed");
  };

  it.each(["json", "text"] as const)("in header, query, body, URL, SQL and error are in no line of %s", (format) => {
    const { logger, lines } = captured({ format });
    leaks(logger);
    expect(lines).toHaveLength(6);
    expect(lines.join("")).not.toContain("CANARY");
  });
});

describe("createLogger, text", () => {
  it("writes a line that a person can read: time, level, service, message, fields", () => {
    const { logger, lines } = captured({ format: "text" });
    traceContext.run({ traceId: "t1" }, () => logger.warn({ queue: "emails" }, "queue is slow"));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: api: queue is slow \{"traceId":"t1","queue":"emails"\}\n$/,
    );
  });

  it("writes an error's frames on lines of their own", () => {
    const { logger, lines } = captured({ format: "text" });
    logger.error({ err: new Error("boom") }, "failed");
    expect(lines[0]).toContain("ERROR: api: failed");
    expect(lines[0]).toMatch(/"message": "boom"/);
    expect(lines[0]).toMatch(/\n\s+at .*create-logger\.test\.ts/);
  });

  it("lets no field or message forge a line or steer the terminal", () => {
    const { logger, lines } = captured({ format: "text" });
    logger.info({ queue: "q\n[12:00:00.000] ERROR: api: forged" }, "m\u001B[2J\nforged");
    expect(lines[0]?.trimEnd()).not.toMatch(/\p{Cc}/u);
  });
});

describe("lines that are written together", () => {
  it("are handed on whole and in order, in pieces that a pipe takes at once", () => {
    const { logger, lines } = captured();
    logger.together(() => {
      for (let count = 0; count < 100; count += 1) logger.info({ count, reason: "x".repeat(40) }, "line");
      expect(lines.length).toBeGreaterThan(0);
    });
    logger.info({ count: 100 }, "line");
    expect(lines.length).toBeLessThan(10);
    expect(lines.every((piece) => piece.endsWith("\n") && piece.length <= 4_096)).toBe(true);
    const records = lines
      .join("")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { count: number });
    expect(records.map(({ count }) => count)).toEqual(Array.from({ length: 101 }, (_, count) => count));
  });

  it("are handed on also when the writing ends with an error or a line is longer than a piece", () => {
    const { logger, lines } = captured();
    const fail = () =>
      logger.together(() => {
        logger.info({}, "before");
        logger.info({ problems: Array.from({ length: 90 }, () => "y".repeat(90)) }, "long");
        throw new Error("boom");
      });
    expect(fail).toThrow("boom");
    expect(
      lines
        .join("")
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { msg: string }).msg),
    ).toEqual(["before", "long"]);
    logger.info({}, "after");
    expect(lines).toHaveLength(3);
  });
});

describe("standard output", () => {
  it("has every line when the process exits at once", async () => {
    const script = `
      import { createLogger } from ${JSON.stringify(new URL("create-logger.ts", import.meta.url).href)};
      const logger = createLogger({ service: "api", profile: "test", level: "info", format: "json" });
      for (let line = 0; line < 500; line += 1) logger.info({ count: line }, "line");
      process.kill(process.pid, "SIGKILL");
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout.trimEnd().split("\n")).toHaveLength(500);
  });
});

describe("silentLogger", () => {
  it("takes everything, silently, and so does its child", () => {
    const child = silentLogger.child({ jobId: "j" });
    expect(() => {
      for (const at of ["debug", "info", "warn", "error"] as const) child[at]({}, "x");
      child.flush();
    }).not.toThrow();
    expect(child).toBe(silentLogger);
    let written = false;
    child.together(() => void (written = true));
    expect(written).toBe(true);
  });
});
