import { expect, it } from "vitest";

import { MillraceError } from "@millrace/contract";
import type { LeaseOutcome } from "@millrace/storage";

import { patiently } from "./patiently.ts";

const busy: LeaseOutcome = { ok: false, reason: "busy", status: "running" };
const done: LeaseOutcome = { ok: true, status: "completed" };

it("tries busy items again by themselves, and answers in the order of the items", async () => {
  const calls: (readonly string[])[] = [];
  const outcomes = await patiently(["a", "held", "b"], async (items) => {
    calls.push(items);
    return items.map((item) => (item === "held" && calls.length < 3 ? busy : done));
  });
  expect(outcomes).toEqual([done, done, done]);
  expect(calls).toEqual([["a", "held", "b"], ["held"], ["held"]]);
});

it("answers what was written as written though a later try fails", async () => {
  let calls = 0;
  const outcomes = await patiently(["a", "held"], async () => {
    calls++;
    if (calls === 2) throw new MillraceError("UNAVAILABLE", "away");
    return calls === 1 ? [done, busy] : [done];
  });
  expect(outcomes).toEqual([done, done]);
});
