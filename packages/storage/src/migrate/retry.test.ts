import { expect, test } from "vitest";

import { withRetry } from "./retry.ts";

function refusal(code: string): Error {
  return Object.assign(new Error(`refused with ${code}`), { code, severity: "ERROR" });
}

test.each(["55P03", "40P01", "40001"])("%s is tried ten times with growing pauses, and then reported", async (code) => {
  const pauses: number[] = [];
  let runs = 0;
  const run = (): Promise<never> => {
    runs += 1;
    return Promise.reject(refusal(code));
  };
  const pause = (ms: number): Promise<void> => {
    pauses.push(ms);
    return Promise.resolve();
  };
  await expect(withRetry(run, { log: () => {}, pause })).rejects.toThrow(`refused with ${code}`);
  expect(runs).toBe(10);
  expect(pauses).toHaveLength(9);
  expect(pauses[0]).toBeLessThanOrEqual(250);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(10_000);
  expect(pauses[8]).toBeGreaterThanOrEqual(5_000);
});

test("any other refusal is reported at once", async () => {
  let runs = 0;
  const run = (): Promise<never> => {
    runs += 1;
    return Promise.reject(refusal("23505"));
  };
  await expect(withRetry(run, { log: () => {}, pause: () => Promise.resolve() })).rejects.toThrow("23505");
  expect(runs).toBe(1);
});
