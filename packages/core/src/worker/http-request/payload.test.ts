import { describe, expect, it } from "vitest";

import { httpRequestPayload } from "./payload.ts";

const url = "https://example.com/hook";
const accepts = (payload: object) => httpRequestPayload.safeParse(payload).success;

describe("the payload of http.request", () => {
  it("needs only a URL", () => {
    expect(httpRequestPayload.parse({ url })).toEqual({ url });
  });

  it.each([
    "ftp://example.com",
    "file:///etc/passwd",
    "example.com",
    "//example.com",
    "javascript:alert(1)",
    "http://",
  ])("refuses the URL %s", (wrong) => {
    expect(accepts({ url: wrong })).toBe(false);
  });

  it.each(["https://user@example.com", "https://user:secret@example.com", "https://:secret@example.com"])(
    "refuses credentials in %s",
    (wrong) => {
      expect(accepts({ url: wrong })).toBe(false);
    },
  );

  it.each([
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Webhook-Signature",
    "Proxy-Authorization",
    "TE",
  ])("keeps the header %s to the worker", (name) => {
    expect(accepts({ url, headers: { [name]: "x" } })).toBe(false);
  });

  it.each([
    ["a line break in a value", { "x-a": "1\r\nHost: evil" }],
    ["a NUL in a value", { "x-a": "a\0b" }],
    ["a space in a name", { "x a": "1" }],
    ["a colon in a name", { "x:a": "1" }],
    ["more than 8 KiB", { "x-a": "a".repeat(9_000) }],
    ["more than 50", Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`x-${index}`, "1"]))],
  ])("refuses headers with %s", (_, headers) => {
    expect(accepts({ url, headers })).toBe(false);
  });

  it("refuses a body where the method takes none", () => {
    expect(accepts({ url, method: "GET", body: {} })).toBe(false);
    expect(accepts({ url, method: "DELETE", body: {} })).toBe(true);
  });

  it("refuses fields that it doesn't know", () => {
    expect(accepts({ url, verb: "PUT" })).toBe(false);
  });
});
