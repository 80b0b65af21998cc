import { expect, test } from "vitest";

import { faultKinds, planFaults } from "./plan-faults.ts";

const options = { seed: 7, durationMs: 60_000, everyMs: 1_000, leaseMs: 3_000 };

test("the same seed draws the same faults, another one others", () => {
  expect(planFaults(options)).toEqual(planFaults(options));
  expect(planFaults({ ...options, seed: 8 })).not.toEqual(planFaults(options));
});

test("every kind of fault comes before one comes again, in order of time and within the run", () => {
  const faults = planFaults(options);
  const names = faults.slice(0, faultKinds).map(({ fault }) => {
    const { kind } = fault;
    if (fault.kind === "kill" || fault.kind === "freeze") return `${kind} ${fault.role}`;
    return fault.kind === "restartPostgres" ? `${kind} ${fault.mode}` : kind;
  });
  expect(new Set(names).size).toBe(faultKinds);
  const times = faults.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(Math.max(...times)).toBeLessThan(options.durationMs);
});

test("a frozen worker always sleeps past its lease", () => {
  const freezes = planFaults(options).flatMap(({ fault }) => (fault.kind === "freeze" ? [fault.forMs] : []));
  expect(Math.min(...freezes)).toBeGreaterThan(options.leaseMs);
});
