import { describe, expect, test } from "vitest";

import { MillraceApiError } from "@millrace/client";
import type { ErrorCode } from "@millrace/contract";

import { explainRefusal } from "./explain-refusal.ts";

function refusal(code: ErrorCode, message: string, more: object = {}): MillraceApiError {
  const problem = {
    type: "x",
    title: "x",
    detail: message,
    status: 400,
    code,
    retryable: false,
    traceId: "trace-1",
    ...more,
  };
  return new MillraceApiError(message, { code, status: 400, retryable: false, problem });
}

describe("what the API says against a query", () => {
  test("is its code and sentence, and the line with a mark below what is wrong", () => {
    const error = refusal("QUERY_INVALID", 'There is no table "oders".', { position: { line: 2, column: 8 } });
    expect(explainRefusal("select *\n\tfrom  oders", error).split("\n")).toEqual([
      'QUERY_INVALID: There is no table "oders".',
      "  2 | \tfrom  oders",
      "      \t      ^",
    ]);
  });

  test("marks the right place behind wide characters", () => {
    const error = refusal("QUERY_INVALID", "No.", { position: { line: 1, column: 13 } });
    expect(explainRefusal("select '漢字', x", error).split("\n").at(-1)).toBe(`${" ".repeat(6 + 14)}^`);
  });

  test("tells what is wrong with each field", () => {
    const errors = [{ path: "rowLimit", code: "too_small", message: "At least 1." }];
    expect(explainRefusal("", refusal("VALIDATION_FAILED", "No.", { errors }))).toBe(
      "VALIDATION_FAILED: No.\n  rowLimit: At least 1.",
    );
  });

  test("gives the trace where the API keeps the reason to itself", () => {
    expect(explainRefusal("", refusal("INTERNAL", "Something went wrong."))).toContain("Trace trace-1");
    expect(explainRefusal("", refusal("QUERY_INVALID", "No."))).not.toContain("trace-1");
  });
});
