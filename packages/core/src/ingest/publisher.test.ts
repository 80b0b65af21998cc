import { setImmediate } from "node:timers/promises";

import { describe, expect, test, vi } from "vitest";

import type { NewEvent, PublishOutcome } from "@millrace/bus";
import { MillraceError } from "@millrace/contract";

import { type PublisherOptions, createPublisher } from "./publisher.ts";

const event = (key: string): NewEvent => ({
  tableId: 1,
  version: 1,
  op: "insert",
  key,
  payload: "{}",
  payloadHash: "",
  eventTime: undefined,
});
const events = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => event(`${prefix}${n}`));

interface Publish {
  readonly tenantNo: number;
  readonly keys: readonly string[];
  readonly atomic: boolean | undefined;
  land(): void;
  fail(error: unknown): void;
}

/** A publisher over a bus of which the test decides when each publish ends. The time stands still: who used how much lately doesn't hang on the machine. */
function open(options: Partial<PublisherOptions> = {}) {
  const underWay: Publish[] = [];
  const publisher = createPublisher({
    lingerMs: 0,
    publishesMax: 4,
    tenantPublishesMax: 2,
    nowMs: () => 0,
    ...options,
    publish: (tenantNo, given, { atomic } = {}) =>
      new Promise((resolve, reject) => {
        const outcomes = given.map(({ key }): PublishOutcome => ({
          outcome: "accepted",
          offset: Number(key.slice(1)),
        }));
        underWay.push({
          tenantNo,
          keys: given.map(({ key }) => key),
          atomic,
          land: () => resolve(outcomes),
          fail: reject,
        });
      }),
  });
  return { underWay, publish: publisher.publish };
}

describe("a publisher", () => {
  test("publishes what gathers while others are under way together, and answers each its own", async () => {
    const { underWay, publish } = open({ tenantPublishesMax: 1 });
    const first = publish(1, events("a", 1), false);
    const second = publish(1, events("b", 2), false);
    const third = publish(1, events("c", 1), false);
    expect(underWay.map(({ keys }) => keys)).toEqual([["a0"]]);
    underWay[0]?.land();
    await first;
    await vi.waitFor(() => expect(underWay).toHaveLength(2));
    expect(underWay[1]?.keys).toEqual(["b0", "b1", "c0"]);
    underWay[1]?.land();
    expect(await second).toHaveLength(2);
    expect(await third).toEqual([{ outcome: "accepted", offset: 0 }]);
  });

  test("waits a moment for others of the tenant", async () => {
    const { underWay, publish } = open({ lingerMs: 5 });
    void publish(1, events("a", 1), false);
    void publish(1, events("b", 1), false);
    expect(underWay).toEqual([]);
    await vi.waitFor(() => expect(underWay.map(({ keys }) => keys)).toEqual([["a0", "b0"]]));
  });

  test("keeps a publish within its bound, but never splits a request", async () => {
    const { underWay, publish } = open({ lingerMs: 1_000, publishesMax: 9, tenantPublishesMax: 9 });
    void publish(1, events("a", 1_500), false);
    void publish(1, events("b", 600), false);
    await vi.waitFor(() => expect(underWay).toHaveLength(2));
    void publish(1, events("c", 5_000), false);
    await vi.waitFor(() => expect(underWay).toHaveLength(3));
    expect(underWay.map(({ keys }) => keys.length)).toEqual([1_500, 600, 5_000]);
  });

  test("publishes an atomic request by itself", () => {
    const { underWay, publish } = open({ tenantPublishesMax: 1, publishesMax: 1 });
    void publish(2, events("x", 1), false);
    void publish(1, events("a", 1), false);
    void publish(1, events("b", 1), true);
    void publish(1, events("c", 1), false);
    const seen = async () => {
      for (let nth = 0; nth < 4; nth++) {
        await vi.waitFor(() => expect(underWay.length).toBe(nth + 1));
        underWay[nth]?.land();
      }
      return underWay.map(({ keys, atomic }) => [keys.join(), atomic]);
    };
    return expect(seen()).resolves.toEqual([
      ["x0", false],
      ["a0", false],
      ["b0", true],
      ["c0", false],
    ]);
  });

  test("lets a flood of one tenant take two places, and another go before what is left of it", async () => {
    const { underWay, publish } = open({ publishesMax: 3 });
    for (let n = 0; n < 20; n++) void publish(1, events("f", 2_000), false);
    void publish(2, events("o", 1), false);
    void publish(3, events("p", 1), false);
    expect(underWay.map(({ tenantNo }) => tenantNo)).toEqual([1, 1, 2]);
    underWay[0]?.land();
    await vi.waitFor(() => expect(underWay).toHaveLength(4));
    expect(underWay[3]?.tenantNo).toBe(3);
  });

  test("takes tenants in turn when all of them flood", async () => {
    const { underWay, publish } = open({ publishesMax: 1, tenantPublishesMax: 1 });
    for (let n = 0; n < 3; n++) for (const tenantNo of [1, 2, 3]) void publish(tenantNo, events("f", 2_000), false);
    for (let nth = 0; nth < 9; nth++) {
      await vi.waitFor(() => expect(underWay).toHaveLength(nth + 1));
      underWay[nth]?.land();
    }
    expect(underWay.map(({ tenantNo }) => tenantNo)).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  test("between two answers to a calm tenant lets each of those that flood publish twice at most", async () => {
    const { underWay, publish } = open({ publishesMax: 2, tenantPublishesMax: 2 });
    for (let n = 0; n < 50; n++) for (const tenantNo of [1, 2]) void publish(tenantNo, events("f", 2_000), false);
    let landed = 0;
    for (let n = 0; n < 10; n++) {
      const from = underWay.length;
      let isAnswered = false;
      const calm = publish(3, events("c", 1), false).then(() => (isAnswered = true));
      while (!isAnswered) {
        underWay[landed++]?.land();
        await setImmediate();
      }
      await calm;
      const others = underWay.slice(from).map(({ tenantNo }) => tenantNo);
      for (const flood of [1, 2]) expect(others.filter((tenantNo) => tenantNo === flood).length).toBeLessThanOrEqual(2);
    }
  });

  describe("of a tenant that publishes far more than another one who is there", () => {
    /** As many publishes of 2,000 events as may are under way; another tenant was there just now. */
    function openLoud({ places = 2 } = {}) {
      let now = 0;
      const opened = open({ publishesMax: places, tenantPublishesMax: places, nowMs: () => now });
      for (let n = 0; n < places; n++) void opened.publish(1, events("f", 2_000), false);
      void opened.publish(2, events("c", 1), false);
      const sizes = () => opened.underWay.map(({ tenantNo, keys }) => `${tenantNo}: ${keys.length}`);
      let landed = 0;
      const land = async () => {
        opened.underWay[landed++]?.land();
        await setImmediate();
      };
      return { ...opened, sizes, land, pass: (ms: number) => (now += ms) };
    }

    test("has one small publish under way at a time", async () => {
      const { publish, sizes, land } = openLoud();
      for (let n = 0; n < 9; n++) void publish(1, events("f", 40), false);
      await land();
      expect(sizes().slice(2)).toEqual(["2: 1"]);
      await land();
      expect(sizes().slice(3)).toEqual(["1: 80"]);
      await land();
      await land();
      expect(sizes().slice(3)).toEqual(["1: 80", "1: 80"]);
    });

    test("rests twice as long as its publish took while the other one waits for an answer, and no longer than that one waits", async () => {
      const { publish, sizes, land, pass } = openLoud();
      for (let n = 0; n < 3; n++) void publish(1, events("f", 100), false);
      pass(10);
      for (let n = 0; n < 2; n++) await land();
      expect(sizes().slice(2)).toEqual(["2: 1"]);
      await land();
      expect(sizes().slice(3)).toEqual(["1: 100"]);
      void publish(2, events("c", 1), false);
      pass(10);
      await land();
      expect(sizes().slice(4)).toEqual(["2: 1"]);
      pass(20);
      await vi.waitFor(() => expect(sizes().slice(5)).toEqual(["1: 100"]));
    });

    test("sends a large request in parts, in order, between which others go, and answers it once", async () => {
      const { underWay, publish, sizes, land } = openLoud({ places: 1 });
      let isAnswered = false;
      const large = publish(1, events("f", 240), false).finally(() => (isAnswered = true));
      void publish(1, events("g", 1), false);
      for (let n = 0; n < 3; n++) await land();
      expect(sizes()).toEqual(["1: 2000", "2: 1", "1: 100", "1: 100"]);
      void publish(2, events("c", 1), false);
      await land();
      await land();
      expect([sizes().slice(4), isAnswered]).toEqual([["2: 1", "1: 41"], false]);
      await land();
      expect((await large).map((outcome) => "offset" in outcome && outcome.offset)).toEqual(
        Array.from({ length: 240 }, (_, n) => n),
      );
      expect(underWay[5]?.keys.at(-1)).toBe("g0");
    });

    test("sends no part beside the one before it, also when nobody else is there any more", async () => {
      const { publish, sizes, land, pass } = openLoud();
      void publish(1, events("f", 240), false);
      for (let n = 0; n < 3; n++) await land();
      pass(1_000);
      void publish(1, events("g", 1), false);
      expect(sizes().slice(3)).toEqual(["1: 100"]);
      await land();
      expect(sizes().slice(3)).toEqual(["1: 100", "1: 141"]);
    });

    test("never sends a part of an atomic request", async () => {
      const { publish, sizes, land } = openLoud();
      void publish(1, events("f", 240), true);
      for (let n = 0; n < 3; n++) await land();
      expect(sizes().slice(3)).toEqual(["1: 240"]);
    });

    test("sends nothing more of a request of which a part has failed, and goes on with the next", async () => {
      const { underWay, publish, sizes, land } = openLoud();
      const large = publish(1, events("f", 240), false);
      const next = publish(1, events("g", 2), false);
      for (let n = 0; n < 4; n++) await land();
      underWay[4]?.fail(new Error("a fault"));
      await expect(large).rejects.toThrow("a fault");
      await setImmediate();
      expect(sizes().slice(3)).toEqual(["1: 100", "1: 100", "1: 2"]);
      underWay[5]?.land();
      expect(await next).toHaveLength(2);
    });
  });

  test("lets only the request at fault fail, and all of them where the database is away", async () => {
    const { underWay, publish } = open({ lingerMs: 1 });
    const results = Promise.allSettled([publish(1, events("a", 1), false), publish(1, events("b", 1), false)]);
    await vi.waitFor(() => expect(underWay).toHaveLength(1));
    underWay[0]?.fail(new Error("a fault"));
    await vi.waitFor(() => expect(underWay).toHaveLength(2));
    underWay[1]?.fail(new Error("a fault"));
    await vi.waitFor(() => expect(underWay).toHaveLength(3));
    underWay[2]?.land();
    expect((await results).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);

    const away = Promise.allSettled([publish(1, events("a", 1), false), publish(1, events("b", 1), false)]);
    await vi.waitFor(() => expect(underWay).toHaveLength(4));
    underWay[3]?.fail(new MillraceError("UNAVAILABLE", "Away."));
    expect((await away).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(underWay).toHaveLength(4);
  });
});
