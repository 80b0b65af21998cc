import { setImmediate } from "node:timers/promises";

import { expect, test } from "vitest";

import { createPlaces } from "./places.ts";

/** Places of which each request that got one is listed, and gives it back when the test says so. Each is as large as all of them may be. */
function open(heavy: Set<string>) {
  const places = createPlaces({ requestsMax: 2, bytesMax: 10_000, makesRoom: (tenantId) => heavy.has(tenantId) });
  const begun: string[] = [];
  const gives: (() => void)[] = [];
  const take = (tenantId: string, name = tenantId, bytes = 10_000) =>
    places.take(tenantId, bytes).then((give) => {
      begun.push(name);
      gives.push(give);
    });
  const give = async (nth: number) => {
    gives[nth]?.();
    await setImmediate();
  };
  return { begun, take, give };
}

test("a tenant that makes room has two requests under way, and the others follow in the order they came in", async () => {
  const { begun, take, give } = open(new Set(["loud"]));
  for (let n = 0; n < 5; n++) void take("loud", `loud ${n}`);
  for (let n = 0; n < 3; n++) void take("calm");
  await setImmediate();
  expect(begun).toEqual(["loud 0", "loud 1", "calm", "calm", "calm"]);
  await give(1);
  await give(0);
  expect(begun.slice(5)).toEqual(["loud 2", "loud 3"]);
});

test("small requests have as many places as they fill with their bytes and what each costs", async () => {
  const { begun, take, give } = open(new Set(["loud"]));
  for (let n = 0; n < 6; n++) void take("loud", `loud ${n}`, 400);
  await setImmediate();
  expect(begun).toHaveLength(4);
  await give(0);
  expect(begun).toHaveLength(5);
});

test("a place that is given back twice counts once", async () => {
  const { begun, take, give } = open(new Set(["loud"]));
  for (let n = 0; n < 5; n++) void take("loud", `loud ${n}`);
  await setImmediate();
  await give(0);
  await give(0);
  expect(begun).toEqual(["loud 0", "loud 1", "loud 2"]);
});

test("all of them go on once it need not make room any more", async () => {
  const heavy = new Set(["loud"]);
  const { begun, take, give } = open(heavy);
  for (let n = 0; n < 5; n++) void take("loud", `loud ${n}`);
  await setImmediate();
  heavy.clear();
  await give(0);
  expect(begun).toHaveLength(5);
});

test("who comes while others of the tenant wait does not overtake them", async () => {
  const heavy = new Set(["loud"]);
  const { begun, take, give } = open(heavy);
  for (let n = 0; n < 3; n++) void take("loud", `loud ${n}`);
  await setImmediate();
  heavy.clear();
  void take("loud", "late");
  await setImmediate();
  expect(begun).toEqual(["loud 0", "loud 1"]);
  await give(0);
  expect(begun.slice(2)).toEqual(["loud 2", "late"]);
});
