import { randomUUID } from "node:crypto";

import { describe, expect, it } from "vitest";

import { acceptedOffsets, consumeAll, makeLog, newEvent, newEvents } from "./fixture.ts";
import type { IngestBusHarness } from "./fixture.ts";
import { opened } from "./opened.ts";

/** Equal keys: within a batch, across batches, from many publishers at once. */
export function describeIdempotency(harness: IngestBusHarness): void {
  describe("idempotency", () => {
    const test = opened(harness);

    it("a record that is sent again is a duplicate, and is told where the first one is", async () => {
      const { bus } = test.fixture;
      const events = newEvents(3);
      const offsets = acceptedOffsets(await bus.publish(test.tenantNo, events));
      const again = await bus.publish(test.tenantNo, [...events.toReversed(), ...newEvents(1)]);
      expect(again.slice(0, 3)).toEqual(offsets.toReversed().map((offset) => ({ outcome: "duplicate", offset })));
      expect(again[3]?.outcome).toBe("accepted");
      expect(await consumeAll(test.fixture, test.tenantNo)).toHaveLength(4);
    });

    it("a key under which another record was published is refused, and nothing of it is stored", async () => {
      const { bus } = test.fixture;
      const [event] = newEvents(1);
      const [first] = await bus.publish(test.tenantNo, [event!]);
      const other = newEvent(event!.key, { payload: `{"other":1}` });
      expect(await bus.publish(test.tenantNo, [other])).toEqual([{ outcome: "reused" }]);
      expect(await bus.publish(test.tenantNo, [event!])).toEqual([{ ...first, outcome: "duplicate" }]);
      const consumed = await consumeAll(test.fixture, test.tenantNo);
      expect(consumed.map(({ payload }) => payload)).toEqual([event!.payload]);
    });

    it("of equal keys in one batch the first wins: the same record is its duplicate, another one is refused", async () => {
      const { bus } = test.fixture;
      const [one, two] = newEvents(2);
      const outcomes = await bus.publish(test.tenantNo, [
        one!,
        two!,
        one!,
        newEvent(one!.key, { payload: `{"other":1}` }),
        two!,
      ]);
      const [first, second] = outcomes;
      expect(outcomes.map(({ outcome }) => outcome)).toEqual([
        "accepted",
        "accepted",
        "duplicate",
        "reused",
        "duplicate",
      ]);
      expect(outcomes[2]).toEqual({ ...first, outcome: "duplicate" });
      expect(outcomes[4]).toEqual({ ...second, outcome: "duplicate" });
      expect(await consumeAll(test.fixture, test.tenantNo)).toHaveLength(2);
    });

    it("one key in two tables is two keys", async () => {
      const { bus } = test.fixture;
      const key = randomUUID();
      const outcomes = await bus.publish(test.tenantNo, [newEvent(key), newEvent(key, { tableId: 2 })]);
      expect(new Set(acceptedOffsets(outcomes)).size).toBe(2);
    });

    it("an atomic batch with a reused key stores nothing, and says of the others whether they were there before", async () => {
      const { bus } = test.fixture;
      const [known, taken, fresh] = newEvents(3);
      const [place] = await bus.publish(test.tenantNo, [known!, taken!]);
      const batch = [known!, newEvent(taken!.key, { payload: `{"other":1}` }), fresh!, fresh!];
      expect(await bus.publish(test.tenantNo, batch, { atomic: true })).toEqual([
        { ...place, outcome: "duplicate" },
        { outcome: "reused" },
        { outcome: "refused" },
        { outcome: "refused" },
      ]);
      expect(await consumeAll(test.fixture, test.tenantNo)).toHaveLength(2);
      const outcomes = await bus.publish(test.tenantNo, [known!, fresh!], { atomic: true });
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(["duplicate", "accepted"]);
    });

    it("atomic batches that race for keys are each stored in full or not at all", async () => {
      const { bus } = test.fixture;
      const other = await test.fixture.another();
      for (let round = 0; round < 20; round++) {
        const keys = Array.from({ length: 20 }, () => randomUUID());
        const batch = (mark: string) => keys.map((key) => newEvent(key, { payload: `{"by":"${mark}"}` }));
        const answers = await Promise.all([
          bus.publish(test.tenantNo, batch("a"), { atomic: true }),
          other.publish(test.tenantNo, batch("b").toReversed(), { atomic: true }),
        ]);
        const kinds = answers.map((answer) => [...new Set(answer.map(({ outcome }) => outcome))].join(", "));
        expect(kinds.toSorted()).toEqual(["accepted", "reused"]);
      }
      const consumed = await consumeAll(test.fixture, test.tenantNo);
      expect(consumed).toHaveLength(20 * 20);
    });

    it("of many publishers with keys in common each key is accepted once, and all agree on where it is", async () => {
      const buses = [test.fixture.bus, await test.fixture.another(), await test.fixture.another()];
      const tenantNo = await makeLog(test.fixture.db);
      const shared = Array.from({ length: 60 }, () => randomUUID());
      const offsetsOf = new Map<string, Set<number>>();
      const accepted: string[] = [];
      const publishers = Array.from({ length: 12 }, async (_, publisher) => {
        for (let batch = 0; batch < 8; batch++) {
          // 30 of 100 keys are everybody's, in an order of one's own.
          const common = shared.toSorted(() => Math.random() - 0.5).slice(0, 30);
          const events = [...common, ...Array.from({ length: 70 }, () => randomUUID())]
            .toSorted(() => Math.random() - 0.5)
            .map((key) => newEvent(key));
          const outcomes = await buses[publisher % buses.length]!.publish(tenantNo, events);
          for (const [place, outcome] of outcomes.entries()) {
            const { key } = events[place]!;
            if (outcome.outcome === "accepted") accepted.push(key);
            if (!("offset" in outcome)) throw new Error(outcome.outcome);
            offsetsOf.set(key, (offsetsOf.get(key) ?? new Set()).add(outcome.offset));
          }
        }
      });
      await Promise.all(publishers);

      expect(new Set(accepted).size).toBe(accepted.length);
      expect([...offsetsOf.values()].filter(({ size }) => size !== 1)).toEqual([]);
      const consumed = await consumeAll(test.fixture, tenantNo);
      expect(consumed.map(({ key }) => key).toSorted()).toEqual(accepted.toSorted());
      for (const { key, offset } of consumed) expect(offsetsOf.get(key)).toEqual(new Set([offset]));
    });
  });
}
