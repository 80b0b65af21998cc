import { once } from "node:events";
import { Readable } from "node:stream";

import { expect, test } from "vitest";

import { createUnreadResults } from "./unread-results.ts";

const result = (bytes: number) => ({ bytes, body: Readable.from([Buffer.alloc(bytes)], { objectMode: false }) });

test("a tenant that leaves its results unread is refused more, until they are read or closed; others are not", async () => {
  const unread = createUnreadResults({ bytesMax: 10 });
  const results = Array.from({ length: 4 }, () => result(10));
  for (const each of results) {
    unread.requireRoom("a");
    unread.add("a", each);
  }
  expect(() => unread.requireRoom("a")).toThrow(expect.objectContaining({ code: "RATE_LIMITED", retryAfterMs: 2_000 }));
  unread.requireRoom("b");
  const [first, second] = results;
  first?.body.destroy();
  await once(first!.body, "close");
  unread.requireRoom("a");
  unread.add("a", result(10));
  expect(() => unread.requireRoom("a")).toThrow("of this tenant's results");
  second?.body.resume();
  await once(second!.body, "close");
  unread.requireRoom("a");
});

test("all tenants together have a limit too", () => {
  const unread = createUnreadResults({ bytesMax: 10 });
  for (const tenantId of ["a", "b", "c", "d", "e"]) unread.add(tenantId, result(32));
  expect(() => unread.requireRoom("f")).toThrow("in this process");
});

test("a result that is closed already counts nothing", async () => {
  const unread = createUnreadResults({ bytesMax: 10 });
  const read = result(1_000);
  read.body.resume();
  await once(read.body, "close");
  unread.add("a", read);
  expect(() => unread.requireRoom("a")).not.toThrow();
});
