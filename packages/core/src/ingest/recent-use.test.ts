import { expect, test } from "vitest";

import { createRecentUse } from "./recent-use.ts";

function open() {
  let now = 0;
  const use = createRecentUse<string>({ muchAmount: 100, nowMs: () => now });
  return { use, pass: (ms: number) => (now += ms) };
}

test("who has used much has a lighter one beside it as long as another one is here", () => {
  const { use } = open();
  use.add("loud", 400);
  use.add("calm", 100);
  expect(use.hasLighter("loud")).toBe(false);
  const [leave, leaveToo] = [use.enter("calm"), use.enter("calm")];
  expect([use.hasLighter("loud"), use.hasLighter("calm")]).toEqual([true, false]);
  leave();
  expect(use.hasLighter("loud")).toBe(true);
  leaveToo();
  expect(use.hasLighter("loud")).toBe(false);
});

test("one who has left counts for as long as is asked for", () => {
  const { use, pass } = open();
  use.add("loud", 10_000);
  use.enter("calm")();
  pass(999);
  expect([use.hasLighter("loud", 1_000), use.hasLighter("loud", 999)]).toEqual([true, false]);
});

test("nobody is lighter than who has used little, or about as much", () => {
  const { use } = open();
  use.add("little", 99);
  use.add("much", 400);
  use.add("more", 1_599);
  for (const tenant of ["little", "much", "more"]) use.enter(tenant);
  expect(use.hasLighter("little")).toBe(false);
  use.add("little", 2);
  expect([use.hasLighter("much"), use.hasLighter("more")]).toEqual([false, true]);
});

test("what was used fades, and whoever is by itself has nobody beside it", () => {
  const { use, pass } = open();
  use.add("loud", 399);
  use.enter("loud");
  expect(use.hasLighter("loud")).toBe(false);
  use.enter("calm");
  expect(use.hasLighter("loud")).toBe(true);
  pass(1_000);
  expect(use.hasLighter("loud")).toBe(true);
  pass(1_000);
  expect(use.hasLighter("loud")).toBe(false);
});

test("who is here is not forgotten, however long it takes", () => {
  const { use, pass } = open();
  use.enter("calm");
  for (let n = 0; n < 10; n++) {
    pass(10_000);
    use.add("loud", 1_000);
    expect(use.hasLighter("loud")).toBe(true);
  }
});
