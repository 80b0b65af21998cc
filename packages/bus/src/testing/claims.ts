import { describe, expect, it } from "vitest";

import {
  acceptedOffsets,
  ackAlone,
  claimOne,
  consumeAll,
  endDelay,
  makeLog,
  newEvent,
  newEvents,
  plainClaim,
} from "./fixture.ts";
import type { IngestBusHarness } from "./fixture.ts";
import { opened } from "./opened.ts";

/** What a claim gives out, and what becomes of its range. */
export function describeClaims(harness: IngestBusHarness): void {
  describe("claims", () => {
    const test = opened(harness);

    it("there is nothing to claim where nothing waits", async () => {
      const { bus } = test.fixture;
      expect(await bus.claimBatch(plainClaim)).toBeUndefined();
      expect(await bus.claimBatch({ ...plainClaim, tenantNo: test.tenantNo })).toBeUndefined();
      await bus.publish(test.tenantNo, newEvents(2));
      await consumeAll(test.fixture, test.tenantNo);
      expect(await bus.claimBatch(plainClaim)).toBeUndefined();
    });

    it("a claim is bounded by events and by bytes, and holds one event whatever its size", async () => {
      const { bus } = test.fixture;
      const events = newEvents(10);
      const bytes = Buffer.byteLength(events[0]!.payload);
      const offsets = acceptedOffsets(await bus.publish(test.tenantNo, events));

      const byCount = await claimOne(bus, test.tenantNo, { limit: 3 });
      expect(byCount).toMatchObject({ to: offsets[2], bytes: 3 * bytes });
      expect(byCount.events).toHaveLength(3);
      expect(await ackAlone(test.fixture, byCount)).toBe(true);

      const byBytes = await claimOne(bus, test.tenantNo, { bytesMax: 2 * bytes + 1 });
      expect(byBytes).toMatchObject({ from: offsets[2], to: offsets[4], bytes: 2 * bytes });
      expect(await ackAlone(test.fixture, byBytes)).toBe(true);

      const atLeastOne = await claimOne(bus, test.tenantNo, { bytesMax: 1 });
      expect(atLeastOne.events.map(({ offset }) => offset)).toEqual([offsets[5]]);
      expect(await ackAlone(test.fixture, atLeastOne)).toBe(true);

      const rest = await claimOne(bus, test.tenantNo);
      expect(rest.events.map(({ offset }) => offset)).toEqual(offsets.slice(6));
    });

    it("whoever has waited longest comes first", async () => {
      const { bus } = test.fixture;
      const other = await makeLog(test.fixture.db);
      for (let round = 0; round < 3; round++) {
        await bus.publish(test.tenantNo, newEvents(1));
        await bus.publish(other, newEvents(1));
        const served: number[] = [];
        for (let claims = 0; claims < 2; claims++) {
          const claim = await bus.claimBatch(plainClaim);
          served.push(claim!.tenantNo);
          expect(await ackAlone(test.fixture, claim!)).toBe(true);
          // More of the one that was just served doesn't hold up the other.
          await bus.publish(claim!.tenantNo, newEvents(1));
        }
        expect(served.toSorted((a, b) => a - b)).toEqual([test.tenantNo, other]);
      }
    });

    it("a claim whose acknowledgement is rolled back was not consumed, and is given out again", async () => {
      const { bus, db } = test.fixture;
      await bus.publish(test.tenantNo, newEvents(2));
      const claim = await claimOne(bus, test.tenantNo);
      const crash = new Error("before the commit");
      const acked = db.withTransaction(async (tx) => {
        expect(await bus.ack(tx, claim)).toBe(true);
        throw crash;
      });
      await expect(acked).rejects.toBe(crash);
      expect((await bus.lag(test.tenantNo))?.watermark).toBe(claim.from);
      const again = await claimOne(bus, test.tenantNo);
      expect(again).toEqual(claim);
      expect(await ackAlone(test.fixture, again)).toBe(true);
    });

    it("a range is acknowledged once", async () => {
      const { bus } = test.fixture;
      await bus.publish(test.tenantNo, newEvents(2));
      const claim = await claimOne(bus, test.tenantNo);
      expect(await ackAlone(test.fixture, claim)).toBe(true);
      expect(await ackAlone(test.fixture, claim)).toBe(false);
      expect((await bus.lag(test.tenantNo))?.watermark).toBe(claim.to);
    });

    it("a range that can't be consumed comes back after its delay, with its failures counted, and its success forgets them", async () => {
      const { bus, db } = test.fixture;
      await bus.publish(test.tenantNo, newEvents(3));
      for (let failures = 0; failures < 3; failures++) {
        const claim = await claimOne(bus, test.tenantNo, { owner: failures % 2 === 0 ? "one" : "two" });
        expect(claim.failures).toBe(failures);
        expect(claim.events).toHaveLength(3);
        await bus.nack(claim, { delayMs: 60_000 });
        expect(await bus.claimBatch({ ...plainClaim, tenantNo: test.tenantNo })).toBeUndefined();
        expect(await ackAlone(test.fixture, claim)).toBe(false);
        await endDelay(db, test.tenantNo);
      }
      expect(await ackAlone(test.fixture, await claimOne(bus, test.tenantNo))).toBe(true);
      await bus.publish(test.tenantNo, newEvents(1));
      expect((await claimOne(bus, test.tenantNo)).failures).toBe(0);
    });

    it("one tenant's poison holds up nobody else", async () => {
      const { bus } = test.fixture;
      const other = await makeLog(test.fixture.db);
      await bus.publish(test.tenantNo, newEvents(1));
      await bus.nack(await claimOne(bus, test.tenantNo), { delayMs: 60_000 });
      await bus.publish(other, newEvents(1));
      expect((await bus.claimBatch(plainClaim))?.tenantNo).toBe(other);
    });

    it("lag says how much waits and since when", async () => {
      const { bus } = test.fixture;
      expect(await bus.lag(test.tenantNo)).toMatchObject({
        pendingEvents: 0,
        pendingBytes: 0,
        oldestPendingAt: undefined,
      });
      const before = Date.now();
      const offsets = acceptedOffsets(
        await bus.publish(test.tenantNo, [newEvent("1", { payload: `{"ø":1}` }), newEvent("2", { payload: "{}" })]),
      );
      const lag = await bus.lag(test.tenantNo);
      expect(lag).toMatchObject({ head: offsets[1], pendingEvents: 2, pendingBytes: 10, publishedAt: undefined });
      expect(Math.abs((lag?.oldestPendingAt?.getTime() ?? 0) - before)).toBeLessThan(60_000);
      const claim = await claimOne(bus, test.tenantNo, { limit: 1 });
      expect(await ackAlone(test.fixture, claim)).toBe(true);
      expect(await bus.lag(test.tenantNo)).toMatchObject({
        head: offsets[1],
        watermark: offsets[0],
        pendingEvents: 1,
        pendingBytes: 2,
        publishedAt: expect.any(Date) as Date,
      });
      expect(await bus.lag(2 ** 40)).toBeUndefined();
    });

    it("the oldest event that waits is found whoever has it, however many others wait that were served less lately", async () => {
      const { bus } = test.fixture;
      expect(await bus.oldestPendingAt()).toBeUndefined();
      await bus.publish(test.tenantNo, newEvents(2));
      expect(await ackAlone(test.fixture, await claimOne(bus, test.tenantNo, { limit: 1 }))).toBe(true);
      const oldest = (await bus.lag(test.tenantNo))?.oldestPendingAt;
      for (let others = 0; others < 12; others++) await bus.publish(await makeLog(test.fixture.db), newEvents(1));
      expect(oldest).toBeInstanceOf(Date);
      expect(await bus.oldestPendingAt()).toEqual(oldest);
      await consumeAll(test.fixture, test.tenantNo);
      expect((await bus.oldestPendingAt())?.getTime()).toBeGreaterThan(oldest?.getTime() ?? Number.POSITIVE_INFINITY);
    });
  });
}
