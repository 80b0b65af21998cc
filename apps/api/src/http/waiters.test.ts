import { EventEmitter } from "node:events";

import { describe, expect, it, vi } from "vitest";

import type { ApiContext } from "./api-env.ts";
import { createWaiters } from "./waiters.ts";

/** A request of a tenant, whose client may have left already. */
function request({ destroyed = false, tenantId = "acme" } = {}) {
  const outgoing = Object.assign(new EventEmitter(), { destroyed });
  const c = { env: { outgoing }, get: () => ({ tenantId }) } as unknown as ApiContext;
  return { c, leave: () => outgoing.emit("close") };
}

/** Waits until its signal fires. */
const untilOver = (signal: AbortSignal) =>
  new Promise<string>((resolve) => {
    if (signal.aborted) resolve("over before");
    else signal.addEventListener("abort", () => resolve("over"));
  });

describe("a wait", () => {
  it("ends when its client leaves, and frees its place", async () => {
    const waiters = createWaiters(1);
    const { c, leave } = request();
    const waiting = waiters.wait(c, untilOver);
    await expect(waiters.wait(request().c, untilOver)).rejects.toMatchObject({ code: "RATE_LIMITED" });
    leave();
    expect(await waiting).toBe("over");
    expect(await waiters.wait(request().c, async () => "let in")).toBe("let in");
  });

  it("doesn't begin for a client that left while its key was looked up", async () => {
    const waiters = createWaiters(1);
    const run = vi.fn<typeof untilOver>(untilOver);
    await expect(waiters.wait(request({ destroyed: true }).c, run)).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
    expect(run).not.toHaveBeenCalled();
    expect(await waiters.wait(request().c, async () => "let in")).toBe("let in");
  });

  it("ends with all others, and those that come later are told so before they begin", async () => {
    const waiters = createWaiters(4);
    const waiting = waiters.wait(request().c, untilOver);
    waiters.end();
    expect(await waiting).toBe("over");
    expect(await waiters.wait(request().c, untilOver)).toBe("over before");
  });
});
