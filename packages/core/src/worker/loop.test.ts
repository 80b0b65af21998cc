import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type Loop, startLoop } from "./loop.ts";

let steps = 0;
let step: () => Promise<number>;
let errors: unknown[] = [];
let loop: Loop | undefined;
const start = (firstDelayMs = 0) => {
  loop = startLoop({
    firstDelayMs,
    step: () => {
      steps++;
      return step();
    },
    onError: (error) => errors.push(error),
  });
  return loop;
};

beforeEach(() => {
  vi.useFakeTimers();
  steps = 0;
  errors = [];
  step = () => Promise.resolve(100);
});
afterEach(async () => {
  await loop?.stop();
  vi.useRealTimers();
});

describe("a loop", () => {
  it("steps after the first delay and then as each step says", async () => {
    start(50);
    await vi.advanceTimersByTimeAsync(49);
    expect(steps).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(steps).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(steps).toBe(2);
  });

  it("goes on after failures, with growing pauses, and tells of each", async () => {
    step = () => Promise.reject(new Error("away"));
    start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(errors.length).toBe(steps);
    expect(steps).toBeGreaterThan(4);
    expect(steps).toBeLessThan(12);
    step = () => Promise.resolve(1);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(errors.length).toBeLessThan(steps);
  });

  it("is not woken out of the pause after a failure", async () => {
    step = () => Promise.reject(new Error("away"));
    const { wake } = start();
    await vi.advanceTimersByTimeAsync(0);
    wake();
    wake();
    expect(steps).toBe(1);
  });

  it("steps at once when woken, and once more when woken meanwhile", async () => {
    const { wake } = start();
    await vi.advanceTimersByTimeAsync(0);
    const under = Promise.withResolvers<number>();
    step = () => under.promise;
    wake();
    expect(steps).toBe(2);
    wake();
    wake();
    expect(steps).toBe(2);
    under.resolve(100);
    await vi.advanceTimersByTimeAsync(1);
    expect(steps).toBe(3);
  });

  it("stops after the step that is under way, and stays stopped", async () => {
    const under = Promise.withResolvers<number>();
    step = () => under.promise;
    const { stop, wake } = start();
    await vi.advanceTimersByTimeAsync(0);
    let stopped = false;
    const done = stop().then(() => (stopped = true));
    await vi.advanceTimersByTimeAsync(10);
    expect(stopped).toBe(false);
    under.resolve(1);
    await done;
    wake();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(steps).toBe(1);
  });
});
