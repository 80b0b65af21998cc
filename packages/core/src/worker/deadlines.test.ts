import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createDeadlines } from "./deadlines.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("deadlines", () => {
  it("fire each at its time, in whatever order they were added, and never again", () => {
    const deadlines = createDeadlines();
    const fired: string[] = [];
    const at = (ms: number, name: string) => deadlines.add(performance.now() + ms, () => fired.push(name));
    at(200, "b");
    at(100, "a");
    at(300, "c");
    vi.advanceTimersByTime(99);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(["a"]);
    vi.advanceTimersByTime(1_000);
    expect(fired).toEqual(["a", "b", "c"]);
  });

  it("don't fire once they are forgotten, nor after the end", () => {
    const deadlines = createDeadlines();
    const fire = vi.fn<() => void>();
    deadlines.add(performance.now() + 10, fire)();
    deadlines.add(performance.now() + 20, fire);
    deadlines.close();
    vi.advanceTimersByTime(1_000);
    expect(fire).not.toHaveBeenCalled();
  });

  it("don't fire early because they are farther away than a timer can wait", () => {
    const deadlines = createDeadlines();
    const fire = vi.fn<() => void>();
    deadlines.add(performance.now() + 2 ** 31 + 1_000, fire);
    vi.advanceTimersByTime(10_000);
    expect(fire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2 ** 31);
    expect(fire).toHaveBeenCalledOnce();
  });
});
