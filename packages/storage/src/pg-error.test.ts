import { describe, expect, test } from "vitest";

import { MillraceError } from "@millrace/contract";

import { isConflict, isConnectionLoss, isOutcomeUnknown, sqlState, toMillraceError } from "./pg-error.ts";
import { retryConflicts } from "./retry-conflicts.ts";

function fromServer(code: string): Error {
  return Object.assign(new Error(`secret detail of ${code}`), { code, severity: "ERROR" });
}

function fromSocket(code: string): Error {
  return Object.assign(new Error(`${code} db.internal:5432`), { code });
}

describe("an error of the driver becomes one of ours", () => {
  test.each([
    ["57P01", "UNAVAILABLE"],
    ["57P03", "UNAVAILABLE"],
    ["08006", "UNAVAILABLE"],
    ["53300", "UNAVAILABLE"],
    ["53100", "UNAVAILABLE"],
    ["25P03", "UNAVAILABLE"],
    ["57014", "UNAVAILABLE"],
    ["55P03", "UNAVAILABLE"],
    ["40001", "UNAVAILABLE"],
    ["40P01", "UNAVAILABLE"],
    ["22P05", "VALIDATION_FAILED"],
    ["22021", "VALIDATION_FAILED"],
    ["22P02", "VALIDATION_FAILED"],
    ["22003", "VALIDATION_FAILED"],
    ["22008", "VALIDATION_FAILED"],
    ["54000", "VALIDATION_FAILED"],
    ["54001", "VALIDATION_FAILED"],
    ["23505", "INTERNAL"],
    ["23514", "INTERNAL"],
    ["42P01", "UNAVAILABLE"],
    ["25006", "UNAVAILABLE"],
    ["42601", "INTERNAL"],
  ])("SQLSTATE %s is %s", (state, code) => {
    const cause = fromServer(state);
    const error = toMillraceError(cause);
    expect(error).toMatchObject({ code, cause });
    expect(error.message).not.toContain("secret");
    expect(error.retryAfterMs === undefined).toBe(code !== "UNAVAILABLE");
    expect(sqlState(error)).toBe(state);
  });

  test.each(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "CONNECT_TIMEOUT", "CONNECTION_CLOSED"])(
    "%s is UNAVAILABLE",
    (code) => {
      const error = toMillraceError(fromSocket(code));
      expect(error).toMatchObject({
        code: "UNAVAILABLE",
        message: "The database could not be reached",
        extensions: {},
      });
      expect(isConnectionLoss(error.cause)).toBe(true);
    },
  );

  test("a row whose partition was just made is a conflict, and any other check's violation is none", () => {
    const misrouted = Object.assign(fromServer("23514"), { routine: "ExecPartitionCheckEmitError" });
    expect(toMillraceError(misrouted)).toMatchObject({ code: "UNAVAILABLE" });
    expect([misrouted, fromServer("23514")].map(isConflict)).toEqual([true, false]);
  });

  test("a lost answer is told apart from a refusal, only when the statement may have been done", () => {
    expect(isOutcomeUnknown(toMillraceError(fromSocket("ECONNRESET"), "unknown"))).toBe(true);
    expect(isOutcomeUnknown(toMillraceError(fromServer("57P01"), "unknown"))).toBe(true);
    expect(isOutcomeUnknown(toMillraceError(fromSocket("ECONNRESET")))).toBe(false);
    expect(isOutcomeUnknown(toMillraceError(fromServer("23505"), "unknown"))).toBe(false);
    expect(isOutcomeUnknown(new Error("other"))).toBe(false);
  });

  test("one of ours is passed on, and anything else is internal", () => {
    const ours = new MillraceError("NOT_FOUND", "gone");
    expect(toMillraceError(ours)).toBe(ours);
    expect(toMillraceError("odd")).toMatchObject({ code: "INTERNAL", cause: "odd" });
    expect(toMillraceError(Object.assign(new Error("odd"), { code: 7 }))).toMatchObject({ code: "INTERNAL" });
  });
});

describe("retryConflicts", () => {
  test("runs again what a deadlock has undone, and gives up after a few times", async () => {
    let runs = 0;
    const answer = await retryConflicts(async () => {
      if (++runs < 3) throw toMillraceError(fromServer("40P01"));
      return runs;
    });
    expect(answer).toBe(3);

    runs = 0;
    const hopeless = retryConflicts(async () => {
      runs++;
      throw toMillraceError(fromServer("40001"));
    });
    await expect(hopeless).rejects.toSatisfy(isConflict);
    expect(runs).toBe(4);
  });

  test("leaves every other error alone", async () => {
    let runs = 0;
    const failing = retryConflicts(async () => {
      runs++;
      throw fromServer("23505");
    });
    await expect(failing).rejects.toMatchObject({ code: "23505" });
    expect(runs).toBe(1);
  });
});
