import { EventEmitter } from "node:events";

import { describe, expect, test, vi } from "vitest";

import { stopSignal } from "./stop-signal.ts";

function start() {
  let nowMs = 1_000;
  const exit = vi.fn<(code?: number | string | null) => never>();
  const source = Object.assign(new EventEmitter(), { exit });
  const signal = stopSignal(source as never, () => nowMs);
  return { source, exit, signal, pass: (ms: number) => (nowMs += ms) };
}

describe("stopSignal", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"])("the first %s asks to stop, and no more", (name) => {
    const { source, exit, signal } = start();
    expect(signal.aborted).toBe(false);
    source.emit(name);
    expect(signal.aborted).toBe(true);
    expect(exit).not.toHaveBeenCalled();
  });

  test("an echo of it, from the terminal and from a package manager, is not a second one", () => {
    const { source, exit, pass } = start();
    source.emit("SIGINT");
    pass(200);
    source.emit("SIGINT");
    source.emit("SIGTERM");
    expect(exit).not.toHaveBeenCalled();
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])("a second %s exits at once with the code %i", (name, code) => {
    const { source, exit, pass } = start();
    source.emit("SIGTERM");
    pass(1_000);
    source.emit(name);
    expect(exit).toHaveBeenCalledExactlyOnceWith(code);
  });
});
