import { onTestFinished, vi } from "vitest";

/** Keeps the timers of so many milliseconds from firing, until the answer is called; all others go on as ever. */
export function holdTimers(delayMs: number): () => void {
  const held: (() => void)[] = [];
  const { setTimeout } = globalThis;
  const replaced = (callback: (...given: readonly unknown[]) => void, ms?: number, ...given: readonly unknown[]) => {
    if (ms !== delayMs) return setTimeout(() => callback(...given), ms);
    held.push(callback);
    return undefined;
  };
  const spy = vi.spyOn(globalThis, "setTimeout").mockImplementation(replaced as never);
  onTestFinished(() => {
    spy.mockRestore();
  });
  return () => {
    for (const fire of held.splice(0)) fire();
  };
}
