import { expect, test } from "vitest";

import { createCpuTurns } from "./cpu-turns.ts";

/** Turns whose clock and rounds are the test's; each piece of work takes a millisecond, or as long as is said. */
function open(roundMs: number, pieceMs = 1) {
  let now = 0;
  let resume: (() => void) | undefined;
  let later: { readonly resume: () => void; readonly atMs: number } | undefined;
  const done: string[] = [];
  const turns = createCpuTurns({
    roundMs,
    nowMs: () => now,
    defer: (next) => (resume = next),
    delay: (next, ms) => (later = { resume: next, atMs: now + ms }),
  });
  return {
    done,
    enter: turns.enter,
    nowMs: () => now,
    work: (tenantId: string, name = tenantId) =>
      turns.run(tenantId, () => {
        now += pieceMs;
        done.push(name);
      }),
    round() {
      const next = resume;
      resume = undefined;
      next?.();
      return next !== undefined;
    },
    /** Sleeps as long as was asked for, and goes on. */
    sleep() {
      const next = later;
      later = undefined;
      now = Math.max(now, next?.atMs ?? 0);
      next?.resume();
      return next !== undefined;
    },
  };
}

test("work runs at once while there is time in the round", () => {
  const { done, work } = open(2);
  void work("a", "1");
  void work("a", "2");
  void work("a", "3");
  expect(done).toEqual(["1", "2"]);
});

test("a tenant that had no turn in the round needn't wait for one that floods, unless many come so", () => {
  const { done, work, round } = open(1);
  for (let n = 0; n < 100; n++) void work("flood");
  void work("calm");
  void work("calm");
  void work("other");
  expect(done).toEqual(["flood", "calm"]);
  round();
  round();
  round();
  expect(done).toEqual(["flood", "calm", "flood", "calm", "other"]);
});

test("between two pieces of a calm tenant at most one of each flooding tenant runs", () => {
  const { done, work, round } = open(1);
  for (let n = 0; n < 100; n++) for (const flood of ["x", "y"]) void work(flood);
  expect(done).toEqual(["x", "y"]);
  for (let n = 0; n < 5; n++) void work("calm");
  while (done.filter((tenant) => tenant === "calm").length < 5) round();
  const between = done.join("").split("calm").slice(1, 5);
  expect(between.map((pieces) => pieces.split("").toSorted().join(""))).toEqual(["xy", "xy", "xy", "xy"]);
});

test("sockets and timers have their turn after each round, however much waits", () => {
  const { done, work, round } = open(3);
  for (let n = 0; n < 10; n++) void work("a", String(n));
  expect(done).toHaveLength(3);
  round();
  expect(done).toHaveLength(6);
});

test("every piece runs, in the order of its tenant's calls, and nothing is left to be called back for", () => {
  const { done, work, round } = open(1);
  for (let n = 0; n < 20; n++) void work(`t${n % 3}`, `${n % 3}:${n}`);
  for (let rounds = 0; round(); rounds++) expect(rounds).toBeLessThan(25);
  expect(done).toHaveLength(20);
  for (const tenant of ["0", "1", "2"]) {
    const own = done.filter((name) => name.startsWith(`${tenant}:`)).map((name) => Number(name.slice(2)));
    expect(own).toEqual(own.toSorted((a, b) => a - b));
  }
});

test.each([1, 1 / 32])(
  "a tenant that uses far more than another one who waits for an answer has a quarter of the time, with pieces of %f ms",
  (pieceMs) => {
    const { done, work, round, sleep, enter, nowMs } = open(2, pieceMs);
    const until = (ms: number) => {
      while (nowMs() < ms) if (!round() && !sleep()) throw new Error("nothing is to come");
      return done.length * pieceMs;
    };
    for (let n = 0; n < 400 / pieceMs; n++) void work("flood");
    expect(until(100)).toBe(100);
    const leave = enter("calm");
    expect(until(300)).toBeCloseTo(150, -1);
    leave();
    expect(until(400)).toBeCloseTo(250, -1);
  },
);

test("who rests is in nobody's way, and goes on afterwards with nobody calling", () => {
  const { done, work, round, sleep, enter } = open(1);
  for (let n = 0; n < 100; n++) void work("flood");
  while (done.length < 99) round();
  round();
  enter("calm");
  void work("flood", "rested");
  void work("calm", "at once");
  expect(done.slice(100)).toEqual(["at once"]);
  while (round() || sleep());
  expect(done.slice(100)).toEqual(["at once", "rested"]);
  void work("flood", "again");
  void work("other");
  expect(done.slice(102)).toEqual(["other"]);
  while (round() || sleep());
  expect(done.slice(102)).toEqual(["other", "again"]);
});

test("tenants that use about the same don't rest for each other", () => {
  const { done, work, round, enter, nowMs } = open(2);
  for (const tenant of ["x", "y"]) enter(tenant);
  for (let n = 0; n < 200; n++) for (const tenant of ["x", "y"]) void work(tenant);
  while (round());
  expect([done.length, nowMs()]).toEqual([400, 400]);
});

test("what a piece throws is its caller's alone", async () => {
  const turns = createCpuTurns();
  const failing = turns.run("a", () => {
    throw new RangeError("broken");
  });
  await expect(failing).rejects.toThrow("broken");
  await expect(turns.run("a", () => 7)).resolves.toBe(7);
});
