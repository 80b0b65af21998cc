import { expect, test } from "vitest";

import { createCpuTurns } from "./cpu-turns.ts";

/** Turns whose clock and rounds are the test's; each piece of work takes a millisecond. */
function open(roundMs: number) {
  let now = 0;
  let resume: (() => void) | undefined;
  const done: string[] = [];
  const turns = createCpuTurns({ roundMs, nowMs: () => now, defer: (next) => (resume = next) });
  return {
    done,
    work: (tenantId: string, name = tenantId) =>
      turns.run(tenantId, () => {
        now++;
        done.push(name);
      }),
    round() {
      const next = resume;
      resume = undefined;
      next?.();
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

test("what a piece throws is its caller's alone", async () => {
  const turns = createCpuTurns();
  const failing = turns.run("a", () => {
    throw new RangeError("broken");
  });
  await expect(failing).rejects.toThrow("broken");
  await expect(turns.run("a", () => 7)).resolves.toBe(7);
});
