import { describe, expect, test } from "vitest";

import { createClient } from "./client.ts";

const serverTime = "2030-01-01T00:00:00.000Z";

const connectionLost = () => Promise.reject(new TypeError("connection lost"));
/** The server's database went away before it said whether the change was saved. */
const outcomeUnknown = () =>
  Promise.resolve(
    Response.json(
      {
        type: "about:blank",
        title: "Unavailable",
        status: 503,
        detail: "Nobody knows.",
        code: "UNAVAILABLE",
        retryable: true,
        outcome: "unknown",
      },
      { status: 503, headers: { "retry-after": "0" } },
    ),
  );

/** A client whose first request gets no answer, and what it has sent. */
function openClient(first: () => Promise<Response> = connectionLost) {
  const sent: { path: string; body: unknown }[] = [];
  const client = createClient({
    baseUrl: "http://api",
    apiKey: "key",
    fetch: (url, init) => {
      sent.push({ path: new URL(url as string).pathname, body: JSON.parse(init?.body as string) as unknown });
      if (sent.length === 1) return first();
      return Promise.resolve(Response.json({ items: [], serverTime }));
    },
  });
  return { leases: client.leases, sent };
}

const token = { leaseToken: "t" };

describe("a lease call whose answer is lost", () => {
  test.each([
    ["heartbeat", (leases) => leases.heartbeat({ leaseMs: 5_000, items: [token] }), { leaseMs: 5_000, items: [token] }],
    ["complete", (leases) => leases.complete([{ ...token, result: 1 }]), { items: [{ ...token, result: 1 }] }],
    ["progress", (leases) => leases.progress([{ ...token, progress: 1 }]), { items: [{ ...token, progress: 1 }] }],
  ] satisfies readonly Case[])("is sent again where that does no more: %s", async (verb, call, body) => {
    const { leases, sent } = openClient();
    expect(await call(leases)).toEqual({ items: [], serverTime });
    const request = { path: `/v1/leases/${verb}`, body };
    expect(sent).toEqual([request, request]);
  });

  test.each([
    ["claim", (leases) => leases.claim({ queues: ["q"], worker: "w" }), { queues: ["q"], worker: "w" }],
    ["fail", (leases) => leases.fail([{ ...token, message: "m" }]), { items: [{ ...token, message: "m" }] }],
    ["snooze", (leases) => leases.snooze([{ ...token, delayMs: 1 }]), { items: [{ ...token, delayMs: 1 }] }],
    ["release", (leases) => leases.release([token]), { items: [token] }],
  ] satisfies readonly Case[])(
    "is left to the caller where a second one would find the lease gone: %s",
    async (verb, call, body) => {
      const { leases, sent } = openClient();
      await expect(call(leases)).rejects.toMatchObject({ code: "NO_ANSWER", retryable: true });
      expect(sent).toEqual([{ path: `/v1/leases/${verb}`, body }]);

      const unknown = openClient(outcomeUnknown);
      await expect(call(unknown.leases)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(unknown.sent).toHaveLength(1);
    },
  );
});

type Case = readonly [string, (leases: ReturnType<typeof openClient>["leases"]) => Promise<unknown>, object];
