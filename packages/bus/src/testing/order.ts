import { describe, expect, it } from "vitest";

import type { LoggedEvent } from "../ingest-bus.ts";
import { acceptedOffsets, ackAlone, consumeAll, makeLog, newEvent, newEvents, plainClaim } from "./fixture.ts";
import type { IngestBusHarness } from "./fixture.ts";
import { opened } from "./opened.ts";

/** Offsets: their order, and ranges that join. */
export function describeOrder(harness: IngestBusHarness): void {
  describe("order", () => {
    const test = opened(harness);

    it("offsets rise within a batch and from one publish to the next, and each event is read as it was published", async () => {
      const { bus } = test.fixture;
      const eventTime = new Date("2026-02-03T04:05:06.789Z");
      const events = [
        newEvent("1", { payload: `{"n":12345678901234567890.10}` }),
        newEvent("2", { op: "upsert", tableId: 2, version: 7, payload: `{"text":"ø 漢 😀 \\u0000 \\" "}`, eventTime }),
        newEvent("3", { op: "delete", payload: "{}" }),
      ];
      const offsets = [
        ...acceptedOffsets(await bus.publish(test.tenantNo, events.slice(0, 2))),
        ...acceptedOffsets(await bus.publish(test.tenantNo, events.slice(2))),
      ];
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
      expect(new Set(offsets).size).toBe(3);
      expect(await consumeAll(test.fixture, test.tenantNo)).toEqual(
        events.map(({ payloadHash: _, ...event }, place) => ({
          ...event,
          offset: offsets[place],
          ingestedAt: expect.any(Date) as Date,
        })),
      );
    });

    it("ranges join without a gap while publishers run, and nothing is skipped or given out twice", async () => {
      const buses = [test.fixture.bus, await test.fixture.another()];
      const tenantNo = await makeLog(test.fixture.db);
      const published: number[] = [];
      let isPublishing = true;
      const publishers = Array.from({ length: 6 }, async (_, publisher) => {
        for (let batch = 0; batch < 25; batch++) {
          const events = newEvents(1 + Math.floor(Math.random() * 40));
          published.push(...acceptedOffsets(await buses[publisher % 2]!.publish(tenantNo, events)));
        }
      });
      const consumed: LoggedEvent[] = [];
      const consume = async () => {
        let watermark = 0;
        for (;;) {
          const isLast = !isPublishing;
          const limit = 1 + Math.floor(Math.random() * 100);
          const claim = await test.fixture.bus.claimBatch({ ...plainClaim, limit, tenantNo });
          if (claim === undefined && isLast) return;
          if (claim === undefined) continue;
          expect(claim.from).toBe(watermark);
          expect(claim.to).toBeGreaterThan(claim.from);
          expect(claim.events.length).toBeLessThanOrEqual(limit);
          for (const { offset } of claim.events) {
            expect(offset).toBeGreaterThan(watermark);
            expect(offset).toBeLessThanOrEqual(claim.to);
            watermark = offset;
          }
          expect(await ackAlone(test.fixture, claim)).toBe(true);
          watermark = claim.to;
          consumed.push(...claim.events);
        }
      };
      const consumer = consume();
      await Promise.all(publishers);
      isPublishing = false;
      await consumer;
      expect(consumed.map(({ offset }) => offset)).toEqual(published.toSorted((a, b) => a - b));
    });

    it("a tenant's log has nothing of another's", async () => {
      const { bus } = test.fixture;
      const other = await makeLog(test.fixture.db);
      await bus.publish(test.tenantNo, [newEvent("a")]);
      await bus.publish(other, [newEvent("b", { tableId: 2 })]);
      expect((await consumeAll(test.fixture, test.tenantNo)).map(({ key }) => key)).toEqual(["a"]);
      expect((await consumeAll(test.fixture, other)).map(({ key }) => key)).toEqual(["b"]);
    });

    it("whoever listens is told of a publish by another process", async () => {
      const told: number[] = [];
      const subscription = await test.fixture.bus.onPublished((tenantNo) => told.push(tenantNo));
      const other = await test.fixture.another();
      await other.publish(test.tenantNo, newEvents(1));
      await expect.poll(() => told).toContain(test.tenantNo);
      await subscription.close();
    });
  });
}
