import { describe, expect, it } from "vitest";

import { type OutgoingRequest, redirected } from "./redirect.ts";

const post: OutgoingRequest = {
  method: "POST",
  url: new URL("https://a.example/one"),
  headers: {
    authorization: "Bearer x",
    "x-key": "y",
    "content-type": "text/plain",
    "webhook-id": "1",
    traceparent: "t",
  },
  body: "text",
};

describe("a redirect", () => {
  it("is nothing without a location, or with another status", () => {
    expect(redirected(post, 302, undefined)).toBeUndefined();
    expect(redirected(post, 200, "/two")).toBeUndefined();
    expect(redirected(post, 304, "/two")).toBeUndefined();
  });

  it("keeps method and body with 307 and 308", () => {
    for (const status of [307, 308]) {
      expect(redirected(post, status, "/two")).toEqual({ ...post, url: new URL("https://a.example/two") });
    }
  });

  it.each([301, 302, 303])("turns a POST into a GET without its body with %i", (status) => {
    expect(redirected(post, status, "two")).toEqual({
      method: "GET",
      url: new URL("https://a.example/two"),
      headers: { authorization: "Bearer x", "x-key": "y", traceparent: "t" },
      body: undefined,
    });
  });

  it("leaves a PUT a PUT with 302, and a HEAD a HEAD with 303", () => {
    expect(redirected({ ...post, method: "PUT" }, 302, "/two")?.method).toBe("PUT");
    expect(redirected({ ...post, method: "HEAD" }, 303, "/two")?.method).toBe("HEAD");
  });

  it("takes no credentials to another origin", () => {
    expect(redirected(post, 307, "https://b.example/")?.headers).toEqual({
      "content-type": "text/plain",
      traceparent: "t",
    });
  });

  it.each(["http://a.example/", "https://user@a.example/", "file:///etc/passwd", "https://"])(
    "is refused to %s",
    (location) => {
      expect(() => redirected(post, 302, location)).toThrow("redirects");
    },
  );
});
