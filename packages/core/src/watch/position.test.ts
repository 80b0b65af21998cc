import { describe, expect, it } from "vitest";

import { isMillraceError } from "@millrace/contract";

import { decodePosition, encodePosition, type Position } from "./position.ts";

describe("a position in the events of a job", () => {
  const positions: readonly Position[] = [
    { fence: 0, seq: 0, job: undefined, isEnd: false },
    {
      fence: 3,
      seq: 9_007_199_254_740,
      job: { status: "running", fence: 4, updatedMs: 1_790_000_000_000 },
      isEnd: false,
    },
    { fence: 1, seq: 0, job: { status: "dead", fence: 1, updatedMs: 0 }, isEnd: true },
  ];

  it("comes back from the id that names it", () => {
    for (const position of positions) expect(decodePosition(encodePosition(position))).toEqual(position);
  });

  it("is refused as a field error when it is none of ours", () => {
    const wrong = ["", "x", "1", "-1-2", "1-2-asleep-1-1", "1-2-running", "01-2", `${"9".repeat(20)}-1`];
    const refused = wrong.filter((id) => {
      try {
        decodePosition(id);
        return false;
      } catch (error) {
        return isMillraceError(error, "VALIDATION_FAILED");
      }
    });
    expect(refused).toEqual(wrong);
  });
});
