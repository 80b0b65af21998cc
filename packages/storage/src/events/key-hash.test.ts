import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { keyHash } from "./key-hash.ts";

test("a key's hash is the first half of its SHA-256, whatever the key is made of", () => {
  for (const key of ["", "order-1", "ø 漢 😀", "x".repeat(10_000)]) {
    expect(keyHash(key).replaceAll("-", "")).toBe(createHash("sha256").update(key).digest("hex").slice(0, 32));
  }
  expect(keyHash("a")).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});
