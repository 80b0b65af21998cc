import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

import { afterEach, describe, expect, it, vi } from "vitest";

import type { JobEventJson } from "@millrace/contract";

import type { ApiContext } from "./api-env.ts";
import { sendEvents } from "./event-stream.ts";

let server: Server | undefined;
let socket: Socket | undefined;
afterEach(() => {
  socket?.destroy();
  server?.close();
});

/** Serves one stream of endless events, 100 kB each, to a client that reads or doesn't. */
async function serve(slowMs: number, reads: boolean): Promise<{ made: () => number; isFreed: () => boolean }> {
  let made = 0;
  let freed = false;
  async function* events(): AsyncGenerator<JobEventJson> {
    try {
      for (;;) yield { id: String(++made), event: "progress", data: { progress: "x".repeat(100_000) } };
    } finally {
      freed = true;
    }
  }
  server = createServer((incoming, outgoing) => {
    const c = { env: { incoming, outgoing }, res: new Response(), req: { method: "GET" } } as unknown as ApiContext;
    void sendEvents(c, events(), { slowMs });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const opened = connect((server.address() as AddressInfo).port, "127.0.0.1");
  opened.on("error", () => undefined);
  socket = opened;
  if (reads) opened.resume();
  else opened.pause();
  opened.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  return { made: () => made, isFreed: () => freed };
}

describe("a stream of events", () => {
  it("makes no more events for a client that doesn't read, and lets it go after a while", async () => {
    const { made, isFreed } = await serve(200, false);
    await vi.waitFor(() => expect(isFreed()).toBe(true));
    // What the operating system took, and no more.
    expect(made()).toBeLessThan(200);
  });

  it("goes on for a client that reads, and is freed as soon as it leaves", async () => {
    const { made, isFreed } = await serve(60_000, true);
    await vi.waitFor(() => expect(made()).toBeGreaterThan(300));
    expect(isFreed()).toBe(false);
    socket?.destroy();
    await vi.waitFor(() => expect(isFreed()).toBe(true));
  });
});
