import { expect, test } from "vitest";

import { createRecentUse } from "./recent-use.ts";

function open() {
  let now = 0;
  const use = createRecentUse<string>({ muchAmount: 100, nowMs: () => now });
  /** Whether one is here who has used far less: then a rest holds. */
  const hasLighter = (tenant: string) => {
    use.rest(tenant, 1);
    return use.restMs(tenant) > 0;
  };
  return { use, hasLighter, pass: (ms: number) => (now += ms) };
}

test("who has used much has a lighter one beside it as long as another one is here", () => {
  const { use, hasLighter } = open();
  use.add("loud", 400);
  use.add("calm", 100);
  expect(hasLighter("loud")).toBe(false);
  const [leave, leaveToo] = [use.enter("calm"), use.enter("calm")];
  expect([hasLighter("loud"), hasLighter("calm")]).toEqual([true, false]);
  leave();
  expect(hasLighter("loud")).toBe(true);
  leaveToo();
  expect(hasLighter("loud")).toBe(false);
});

test("one who has left a moment ago is still made room for, though nobody rests for it", () => {
  const { use, hasLighter, pass } = open();
  use.add("loud", 10_000);
  use.enter("calm")();
  pass(999);
  expect([use.makesRoom("loud"), hasLighter("loud")]).toEqual([true, false]);
  pass(1);
  expect(use.makesRoom("loud")).toBe(false);
});

test("a rest is as long as it was said to be", () => {
  const { use, pass } = open();
  use.add("loud", 10_000);
  use.enter("calm");
  use.rest("loud", 30);
  pass(20);
  expect([use.restMs("loud"), use.restMs("calm")]).toEqual([10, 0]);
  pass(10);
  expect(use.restMs("loud")).toBe(0);
});

test("nobody is lighter than who has used little, or about as much", () => {
  const { use, hasLighter } = open();
  use.add("little", 99);
  use.add("much", 400);
  use.add("more", 1_599);
  for (const tenant of ["little", "much", "more"]) use.enter(tenant);
  expect(hasLighter("little")).toBe(false);
  use.add("little", 2);
  expect([hasLighter("much"), hasLighter("more")]).toEqual([false, true]);
});

test("what was used fades, and whoever is by itself has nobody beside it", () => {
  const { use, hasLighter, pass } = open();
  use.add("loud", 399);
  use.enter("loud");
  expect(hasLighter("loud")).toBe(false);
  use.enter("calm");
  expect(hasLighter("loud")).toBe(true);
  pass(1_000);
  expect(hasLighter("loud")).toBe(true);
  pass(1_000);
  expect(hasLighter("loud")).toBe(false);
});

test("who is here is not forgotten, however long it takes", () => {
  const { use, hasLighter, pass } = open();
  use.enter("calm");
  for (let n = 0; n < 10; n++) {
    pass(10_000);
    use.add("loud", 1_000);
    expect(hasLighter("loud")).toBe(true);
  }
});
