import { describe, expect, it } from "vitest";

import { flowOrder } from "./flow.ts";

describe("the order of a flow", () => {
  it("is the given one where each job comes after those that it depends on", () => {
    expect(flowOrder([[], [0], [], [1, 2]])).toEqual({ ok: true, order: [0, 1, 2, 3] });
    expect(flowOrder([])).toEqual({ ok: true, order: [] });
  });

  it("has every job once, after those that it depends on, in any of its orders", () => {
    const diamond = [[1, 2], [3], [3], [], [0, 3]];
    for (let turn = 0; turn < diamond.length; turn++) {
      const moved = (job: number) => (job + turn) % diamond.length;
      const dependencies: number[][] = [];
      for (const [job, on] of diamond.entries()) dependencies[moved(job)] = on.map(moved);
      const sorted = flowOrder(dependencies);
      if (!sorted.ok) throw new Error("there is an order");
      expect(sorted.order.toSorted((a, b) => a - b)).toEqual([...dependencies.keys()]);
      for (const [job, on] of dependencies.entries()) {
        for (const dependency of on) expect(sorted.order.indexOf(dependency)).toBeLessThan(sorted.order.indexOf(job));
      }
    }
  });

  it("is refused to a circle and to what hangs on it, and to nothing else", () => {
    expect(flowOrder([[], [2], [1], [1], [0]])).toEqual({ ok: false, cyclic: [1, 2, 3] });
    expect(flowOrder([[0]])).toEqual({ ok: false, cyclic: [0] });
  });

  it("is found for a chain of ten thousand that is given backwards", () => {
    const chain = Array.from({ length: 10_000 }, (_, job) => (job === 9_999 ? [] : [job + 1]));
    expect(flowOrder(chain)).toEqual({ ok: true, order: [...chain.keys()].toReversed() });
  });
});
