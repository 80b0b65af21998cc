import { describe, expect, test } from "vitest";

import { isPortRefusal, refuseFolder, refusePort, refuseStart } from "./refusal.ts";

describe("a server that does not start is explained by its log", () => {
  test.each([
    ['FATAL:  lock file "postmaster.pid" already exists', "is in use by another process."],
    [
      'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use',
      "Port 5432 for the embedded PostgreSQL is in use.",
    ],
    [
      "DETAIL:  The data directory was initialized by PostgreSQL version 17, which is not compatible with this version 18.4.",
      "was made by PostgreSQL 17, and this is 18.4.",
    ],
    ["postgres: error while loading shared libraries: libicui18n.so.60", "is not installed completely"],
    [
      "2026-01-01 LOG:  starting\n2026-01-01 FATAL:  could not map memory\n2026-01-01 LOG:  down",
      "does not start: could not map memory.",
    ],
    ["", "it ended without a word"],
  ])("%s", (log, sentence) => {
    expect(refuseStart("/data", 5432, log).message).toContain(sentence);
  });
});

describe("a folder that can't be used is explained by the system's error", () => {
  test.each([
    ["EACCES", "can't be written"],
    ["EROFS", "can't be written"],
    ["ENOTDIR", "a file of that name is in the way"],
    ["ENOSPC", "is full"],
  ])("%s", (code, sentence) => {
    expect(refuseFolder("/data", Object.assign(new Error(code), { code }))).toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(sentence),
    });
  });

  test("any other error is passed on as it is", () => {
    const other = new Error("other");
    expect(refuseFolder("/data", other)).toBe(other);
    expect(refuseFolder("/data", "odd")).toBe("odd");
  });
});

test("a port that another program has is told apart from one that this user may not have", () => {
  const taken = refusePort(80, Object.assign(new Error("taken"), { code: "EADDRINUSE" }));
  const denied = refusePort(80, Object.assign(new Error("denied"), { code: "EACCES" }));
  expect(taken.message).toContain("Port 80 for the embedded PostgreSQL is in use");
  expect(denied.message).toContain("Choose one above 1023");
  expect([taken, denied, new Error("other")].map(isPortRefusal)).toEqual([true, true, false]);
});
