import { describe, expect, it } from "vitest";

import { type ErrorCode, MillraceError, errorCatalogue, isMillraceError } from "./errors.ts";
import { problemSchema, toProblem } from "./problem.ts";

describe("problem documents", () => {
  it.each(Object.keys(errorCatalogue) as ErrorCode[])("show %s as RFC 9457 says, and never its cause", (code) => {
    const error = new MillraceError(code, "What happened.", {
      cause: new Error("select * from secrets"),
      errors: [{ path: "jobs.0.type", code: "required", message: "say which" }],
      extensions: { jobStatus: "running", status: 1 },
    });
    const problem = toProblem(error, { instance: "/v1/jobs", traceId: "t" });
    expect(problemSchema.parse(problem)).toEqual(problem);
    expect(problem).toMatchObject({
      type: `https://millrace.dev/problems/${code.toLowerCase().replaceAll("_", "-")}`,
      status: errorCatalogue[code].status,
      detail: "What happened.",
      instance: "/v1/jobs",
      traceId: "t",
      code,
      retryable: errorCatalogue[code].retryable,
      jobStatus: "running",
    });
    expect(JSON.stringify(problem)).not.toContain("secrets");
  });

  it("begin with the standard members, which no extension can stand in for", () => {
    const extensions = { bytesMax: 1, type: "x", status: 1, instance: "/x", traceId: "x", errors: "x" };
    const problem = toProblem(new MillraceError("PAYLOAD_TOO_LARGE", "No.", { extensions }));
    expect(Object.keys(problem)).toEqual(["type", "title", "status", "detail", "code", "retryable", "bytesMax"]);
    expect(problem.status).toBe(413);
  });

  it("leave out what is not known", () => {
    const problem = toProblem(new MillraceError("NOT_FOUND", "No."));
    expect(Object.keys(problem).toSorted()).toEqual(["code", "detail", "retryable", "status", "title", "type"]);
  });

  it("are made of errors that other copies of the package can tell apart", () => {
    const foreign = Object.assign(new Error("x"), { name: "MillraceError", code: "LEASE_LOST" });
    expect(isMillraceError(foreign, "LEASE_LOST")).toBe(true);
    expect(isMillraceError(foreign, "INTERNAL")).toBe(false);
    expect(isMillraceError(new Error("x"))).toBe(false);
  });
});
