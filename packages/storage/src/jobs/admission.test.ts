import { describe, expect, it, vi } from "vitest";

import type { Executor } from "../executor.ts";
import { type Admission, createAdmission } from "./admission.ts";
import type { Lane } from "./wakeup.ts";

interface Answer {
  readonly keys: number;
  readonly lanes: readonly Lane[] | null;
}

/** An admission whose calls are answered one after the other; `answers` may be added to while one is under way. */
function admissionOn(answers: (Answer | Error)[]) {
  let calls = 0;
  let underWay = 0;
  const woken: Lane[] = [];
  const query = vi.fn<() => Promise<readonly Answer[]>>(async () => {
    calls++;
    expect(++underWay).toBe(1);
    await Promise.resolve();
    underWay--;
    const answer = answers.shift() ?? { keys: 0, lanes: null };
    if (answer instanceof Error) throw answer;
    return [answer];
  });
  const admission: Admission = createAdmission({ query } as unknown as Executor, (lanes) => woken.push(...lanes));
  return { admission, woken, calls: () => calls };
}

const lane: Lane = ["acme", "q"];

describe("admission", () => {
  it("calls again until a call finds nothing: a key that it has locked is passed over by whoever is told of it meanwhile", async () => {
    const { admission, woken, calls } = admissionOn([
      { keys: 500, lanes: [lane] },
      { keys: 1, lanes: null },
    ]);
    expect(await admission.run()).toBe(501);
    expect([calls(), woken]).toEqual([3, [lane]]);
  });

  it("makes one call at a time, and looks once more for all who ask meanwhile", async () => {
    const { admission, calls } = admissionOn([]);
    for (let n = 0; n < 5; n++) admission.request();
    await Promise.resolve();
    for (let n = 0; n < 5; n++) admission.request();
    await admission.idle();
    expect(calls()).toBe(2);
  });

  it("goes on after a failure with the next request, and tells whoever waits for it", async () => {
    const { admission, calls } = admissionOn([new Error("away")]);
    admission.request();
    await admission.idle();
    await expect(admissionOn([new Error("away")]).admission.run()).rejects.toThrow("away");
    expect(await admission.run()).toBe(0);
    expect(calls()).toBe(2);
  });
});
