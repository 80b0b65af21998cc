import type { IncomingMessage } from "node:http";

import { describe, expect, it } from "vitest";

import { clientOf } from "./exchange.ts";

const request = (forwarded?: string) =>
  ({ headers: { "x-forwarded-for": forwarded }, socket: { remoteAddress: "10.0.0.9" } }) as unknown as IncomingMessage;

describe("the client's address", () => {
  it("is the other end of the connection, whatever the client claims", () => {
    expect(clientOf(request("1.2.3.4"), false)).toBe("10.0.0.9");
  });

  it("is what the first proxy saw, behind proxies that are trusted", () => {
    expect(clientOf(request("1.2.3.4, 10.0.0.1"), true)).toBe("1.2.3.4");
    expect(clientOf(request(""), true)).toBe("10.0.0.9");
    expect(clientOf(request(), true)).toBe("10.0.0.9");
  });
});
