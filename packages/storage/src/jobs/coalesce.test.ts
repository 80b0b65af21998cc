import { AsyncLocalStorage } from "node:async_hooks";

import { describe, expect, it } from "vitest";

import { type CoalescerOptions, type Outcome, createCoalescer } from "./coalesce.ts";

interface Flight {
  readonly items: readonly number[];
  land(): void;
  crash(error: Error): void;
}

/** A coalescer of numbers whose flights land when the test says so. */
function setUp(options: Partial<CoalescerOptions<number, string>> = {}) {
  const flights: Flight[] = [];
  const coalescer = createCoalescer<number, string>({
    fly: (items) =>
      new Promise((resolve, reject) => {
        const outcomes = items.map((item): Outcome<string> =>
          item < 0 ? { ok: false, error: new Error(`no ${item}`) } : { ok: true, value: `done ${item}` },
        );
        flights.push({ items, land: () => resolve(outcomes), crash: reject });
      }),
    bytesOf: () => 1,
    flightsMax: 2,
    itemsMax: 3,
    bytesMax: 100,
    waitingMax: 5,
    refuse: () => new Error("full"),
    ...options,
  });
  return { coalescer, flights };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("the coalescer", () => {
  it("lets a lone caller leave at once", async () => {
    const { coalescer, flights } = setUp();
    const answer = coalescer.add(1);
    await turn();
    expect(flights.map(({ items }) => items)).toEqual([[1]]);
    flights[0]?.land();
    expect(await answer).toBe("done 1");
  });

  it("shares a flight among callers of one moment, and gathers further ones while the flights are out", async () => {
    const { coalescer, flights } = setUp();
    const answers = [1, 2, 3, 4, 5].map((item) => coalescer.add(item));
    await turn();
    expect(flights.map(({ items }) => items)).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    answers.push(coalescer.add(6), coalescer.add(7));
    await turn();
    expect(flights).toHaveLength(2);
    flights[1]?.land();
    await turn();
    expect(flights[2]?.items).toEqual([6, 7]);
    flights[0]?.land();
    flights[2]?.land();
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6, 7].map((item) => `done ${item}`));
  });

  it("flies in the context of nobody aboard, also when it leaves as another one lands", async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { coalescer } = setUp({
      flightsMax: 1,
      async fly(items) {
        seen.push(context.getStore());
        return items.map((item) => ({ ok: true, value: `done ${item}` }));
      },
    });
    const answers = ["a", "b"].map(async (name, item) => {
      for (let later = 0; later < 2 * item; later++) await Promise.resolve();
      return context.run(name, () => coalescer.add(item));
    });
    await Promise.all(answers);
    expect(seen).toEqual([undefined, undefined]);
  });

  it("answers each caller its own outcome, and a failed flight to all aboard and nobody else", async () => {
    const { coalescer, flights } = setUp({ flightsMax: 1 });
    const first = Promise.allSettled([coalescer.add(1), coalescer.add(-2)]);
    await turn();
    const second = Promise.allSettled([coalescer.add(3), coalescer.add(4)]);
    flights[0]?.land();
    await turn();
    const third = coalescer.add(5);
    flights[1]?.crash(new Error("down"));
    await turn();
    flights[2]?.land();
    expect((await first).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect((await second).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await third).toBe("done 5");
  });

  it("bounds a flight by bytes, but always takes one item", async () => {
    const { coalescer, flights } = setUp({ bytesOf: (item) => item, flightsMax: 9, itemsMax: 9, bytesMax: 10 });
    for (const item of [50, 4, 6, 1]) void coalescer.add(item);
    await turn();
    expect(flights.map(({ items }) => items)).toEqual([[50], [4, 6], [1]]);
  });

  it("turns callers away when too many wait", async () => {
    const { coalescer, flights } = setUp({ flightsMax: 1, itemsMax: 1 });
    const answers = [1, 2, 3, 4, 5].map((item) => coalescer.add(item));
    await expect(coalescer.add(6)).rejects.toThrow("full");
    const landed = Promise.all(answers);
    for (let n = 0; n < 5; n++) {
      await turn();
      flights[n]?.land();
    }
    expect(await landed).toHaveLength(5);
  });

  it("is idle when everything has been answered", async () => {
    const { coalescer, flights } = setUp();
    await coalescer.idle();
    let idle = false;
    const answer = coalescer.add(1);
    const waited = coalescer.idle().then(() => (idle = true));
    await turn();
    expect(idle).toBe(false);
    flights[0]?.land();
    await answer;
    await waited;
    expect(idle).toBe(true);
  });

  it("fails a caller whose flight forgot it", async () => {
    const { coalescer } = setUp({ fly: () => Promise.resolve([]) });
    await expect(coalescer.add(1)).rejects.toThrow("fewer outcomes");
  });
});
