import { expect, test } from "vitest";

import { createTally } from "./tally.ts";

test("a job that is done twice shows, also among numbers past the first room", () => {
  const tally = createTally();
  for (const i of [0, 1, 1_000_000, 1, 1_000_000]) tally.add(i);
  expect(tally.count()).toEqual({ handled: 5, repeated: 2 });
});

test("whoever waits for a number is told as it is reached, or at once", async () => {
  const tally = createTally();
  tally.add(1);
  await tally.reached(1);
  let told = false;
  const waiting = tally.reached(3).then(() => (told = true));
  tally.add(2);
  await Promise.resolve();
  expect(told).toBe(false);
  tally.add(3);
  await waiting;
  expect(told).toBe(true);
});
