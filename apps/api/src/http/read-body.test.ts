import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";

import { expect, onTestFinished, test } from "vitest";

import { openExchange } from "./exchange.ts";
import { readBody } from "./read-body.ts";

test("a body that has arrived in several parts before anybody asks for it is read whole", async () => {
  const server = createServer((incoming, outgoing) => {
    openExchange(incoming, outgoing);
    const answer = async () => {
      while (!incoming.complete) await setImmediate();
      const body = await readBody(incoming, outgoing, 1_000_000);
      outgoing.end(String(body.length));
    };
    void answer();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  // More than is read of a socket at once, and no more than is kept of a body that nobody reads.
  const body = "x".repeat(120_000);
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { method: "POST", body });
  expect(await answer.text()).toBe(String(body.length));
});
