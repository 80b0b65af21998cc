import { onTestFinished, vi } from "vitest";

const now = performance.now.bind(performance);
let passedMs = 0;

/** Lets so much time pass at once for whoever reads the clock, up to the end of the test. Timers go on as ever, and so do Node's own clocks. */
export function passTime(ms: number): void {
  passedMs += ms;
  const spy = vi.spyOn(performance, "now").mockImplementation(() => now() + passedMs);
  onTestFinished(() => {
    passedMs = 0;
    spy.mockRestore();
  });
}
