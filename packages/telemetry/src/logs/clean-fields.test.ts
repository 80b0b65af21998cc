import { describe, expect, it } from "vitest";

import { createFieldCleaner } from "./clean-fields.ts";
import { logVocabulary } from "./vocabulary.ts";

const clean = createFieldCleaner();

describe("createFieldCleaner", () => {
  it("lets the vocabulary through", () => {
    expect(
      clean({
        jobId: "j1",
        attempt: 2,
        duplicate: false,
        queues: ["a", "b"],
        counts: { pending: 3 },
        url: "/v1/x?y=z",
      }),
    ).toEqual({ jobId: "j1", attempt: 2, duplicate: false, queues: ["a", "b"], counts: { pending: 3 }, url: "/v1/x" });
  });

  it("withholds every other value and shows that it did", () => {
    expect(clean({ headers: { authorization: "x" }, password: "p", pin: 1234, isAdmin: true })).toEqual({
      headers: "[redacted]",
      password: "[redacted]",
      pin: "[redacted]",
      isAdmin: "[redacted]",
    });
  });

  it("withholds a known name's value of the wrong kind", () => {
    expect(
      clean({ jobId: { password: "p" } as never, queues: "p" as never, counts: ["p"] as never, url: 7 as never }),
    ).toEqual({
      jobId: "[redacted]",
      queues: "[redacted]",
      counts: {},
      url: "[redacted]",
    });
    expect(clean({ queues: [{ password: "p" } as never] })).toEqual({ queues: ["[redacted]"] });
  });

  it("drops names that were made from data, and those that the logger writes itself", () => {
    expect(
      clean({ "s3cret-token_x": 1, Bearer: 1, level: "x", msg: "x", service: "x", time: 1, profile: "x" }),
    ).toEqual({});
    expect(clean(JSON.parse('{"__proto__": {"jobId": "x"}}') as never)).toEqual({});
  });

  it("accepts any measured number under a name that ends in its unit, and nothing else there", () => {
    expect(clean({ drainMs: 5, bodyBytes: 10, retryCount: 2, tokenMs: "secret" })).toEqual({
      drainMs: 5,
      bodyBytes: 10,
      retryCount: 2,
      tokenMs: "[redacted]",
    });
  });

  it("writes dates, big numbers and null plainly and omits undefined", () => {
    expect(
      clean({
        scheduledAt: new Date(0),
        rows: 10n ** 20n,
        reason: null,
        worker: undefined,
        leaseExpiresAt: new Date(Number.NaN),
      }),
    ).toEqual({
      scheduledAt: "1970-01-01T00:00:00.000Z",
      rows: "100000000000000000000",
      reason: null,
      leaseExpiresAt: "[redacted]",
    });
  });

  it("can be told of more names, and of names to withhold", () => {
    const own = createFieldCleaner({ allow: ["orderId"], redact: ["tenant", "queue", "drainMs"] });
    expect(own({ orderId: 7, tenant: "acme", queue: "q", drainMs: 1 })).toEqual({
      orderId: 7,
      tenant: "[redacted]",
      queue: "[redacted]",
      drainMs: "[redacted]",
    });
  });

  it("withholds payloads unless they are allowed, and what is secret in them always", () => {
    const payload = {
      to: "a@b.c",
      password: "p",
      nested: { apiKey: "k", list: [{ sessionId: "s", n: 1 }] },
      hidden: 1,
    };
    expect(clean({ payload })).toEqual({ payload: "[redacted]" });
    const open = createFieldCleaner({ payloads: true, redact: ["hidden"] });
    expect(open({ payload })).toEqual({
      payload: {
        to: "a@b.c",
        password: "[redacted]",
        nested: { apiKey: "[redacted]", list: [{ sessionId: "[redacted]", n: 1 }] },
        hidden: "[redacted]",
      },
    });
  });

  it("bounds a payload in depth and width, circles included", () => {
    const circle: Record<string, unknown> = { wide: Array.from({ length: 1_000 }, (_, index) => index) };
    circle["self"] = circle;
    const shown = JSON.stringify(createFieldCleaner({ payloads: true })({ payload: circle }));
    expect(shown.match(/"self":/g)).toHaveLength(6);
    expect(shown).toContain('"self":"[deeper]"');
    expect(shown.length).toBeLessThan(5_000);
  });

  it("names the code of a MillraceError beside it, where the call doesn't", () => {
    const error = Object.assign(new Error("no"), { name: "MillraceError", code: "LEASE_LOST" });
    expect(clean({ err: error })["errorCode"]).toBe("LEASE_LOST");
    expect(clean({ err: error, errorCode: "INTERNAL" })["errorCode"]).toBe("INTERNAL");
    expect(clean({ err: Object.assign(new Error("no"), { code: "ECONNRESET" }) })).not.toHaveProperty("errorCode");
    expect(createFieldCleaner({ redact: ["errorCode"] })({ err: error })).not.toHaveProperty("errorCode");
  });

  it("survives fields that throw when read", () => {
    const hostile = {
      jobId: "j",
      get queue(): string {
        throw new Error("no");
      },
    };
    expect(clean(hostile)).toEqual({ jobId: "j", queue: "[unreadable]" });
  });

  it("has a vocabulary whose every name is one that the cleaner would show", () => {
    const names = Object.keys(logVocabulary);
    expect(Object.keys(clean(Object.fromEntries(names.map((name) => [name, null]))))).toEqual(names);
  });
});
