import { expect, test } from "vitest";

import { createMemory } from "./memory.ts";

test("a tenant holds no more than its part, all together no more than the whole, and what is given back is free", () => {
  const memory = createMemory({ bytesMax: 100, tenantBytesMax: 60 });
  const [a, b] = [memory.enter("a"), memory.enter("b")];
  a.add(60);
  expect(a.add(1)?.message).toContain("this tenant");
  expect(memory.enter("a").add(1)?.message).toContain("this tenant");
  expect(b.add(41)?.message).toContain("this process");
  b.add(40);
  a.close();
  a.close();
  expect(memory.bytes()).toBe(40);
  expect(memory.enter("a").add(60)).toBeUndefined();
});
