import { expect, test } from "vitest";

import { createMemory } from "./memory.ts";

test("a tenant holds no more than its part, all together no more than the whole, and what is given back is free", () => {
  const memory = createMemory({ bytesMax: 100, tenantBytesMax: 60 });
  const [a, b] = [memory.enter("a"), memory.enter("b")];
  a.add(60);
  expect(memory.enter("a").add(1)?.message).toContain("this tenant");
  expect(b.add(41)?.message).toContain("this process");
  b.add(40);
  a.close();
  a.close();
  expect(memory.bytes()).toBe(40);
  expect(memory.enter("a").add(60)).toBeUndefined();
});

test("what could never fit is told apart from what has to wait", async () => {
  const memory = createMemory({ bytesMax: 100, tenantBytesMax: 60 });
  const share = memory.enter("a");
  expect(share.add(61)?.code).toBe("PAYLOAD_TOO_LARGE");
  await expect(share.wait(61)).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  share.add(50);
  expect(share.add(20)?.code).toBe("PAYLOAD_TOO_LARGE");
  expect(memory.enter("a").add(20)?.code).toBe("RATE_LIMITED");
});

test("an upload waits for room, and has it once another part is published", async () => {
  const memory = createMemory({ bytesMax: 100, tenantBytesMax: 60 });
  const share = memory.enter("a");
  await share.wait(50);
  expect(share.fits(20)).toBe(false);
  const waiting = share.wait(20);
  expect(memory.bytes()).toBe(50);
  share.give(50);
  await waiting;
  expect(memory.bytes()).toBe(20);
});
