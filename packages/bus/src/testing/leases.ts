import { describe, expect, it } from "vitest";

import { ackAlone, claimOne, expireLease, makeLog, newEvents, plainClaim } from "./fixture.ts";
import type { IngestBusHarness } from "./fixture.ts";
import { opened } from "./opened.ts";

/** Who may consume a log, and how it changes hands. */
export function describeLeases(harness: IngestBusHarness): void {
  describe("leases", () => {
    const test = opened(harness);

    it("a log has one owner at a time, who renews its lease under the same epoch", async () => {
      const { bus } = test.fixture;
      await bus.publish(test.tenantNo, newEvents(2));
      const first = await claimOne(bus, test.tenantNo, { limit: 1 });
      expect(await bus.claimBatch({ ...plainClaim, owner: "two", tenantNo: test.tenantNo })).toBeUndefined();
      expect(await ackAlone(test.fixture, first)).toBe(true);
      expect(await bus.claimBatch({ ...plainClaim, owner: "two" })).toBeUndefined();
      const second = await bus.claimBatch(plainClaim);
      expect(second).toMatchObject({ owner: "one", epoch: first.epoch, from: first.to });
    });

    it("an owner with several claims out is given each tenant once", async () => {
      const { bus } = test.fixture;
      const other = await makeLog(test.fixture.db);
      await bus.publish(test.tenantNo, newEvents(1));
      await bus.publish(other, newEvents(1));
      const claims = [await bus.claimBatch(plainClaim), await bus.claimBatch(plainClaim)];
      expect(new Set(claims.map((claim) => claim?.tenantNo))).toEqual(new Set([test.tenantNo, other]));
      expect(await bus.claimBatch(plainClaim)).toBeUndefined();
    });

    it("an expired lease is taken over under a new epoch, with the same range, and that counts as a failure of it", async () => {
      const { bus, db } = test.fixture;
      const other = await test.fixture.another();
      await bus.publish(test.tenantNo, newEvents(2));
      const lost = await claimOne(bus, test.tenantNo);
      await expireLease(db, test.tenantNo);
      const taken = await claimOne(other, test.tenantNo, { owner: "two" });
      expect(taken).toEqual({ ...lost, owner: "two", epoch: lost.epoch + 1, failures: 1 });
    });

    it("a frozen owner can do nothing any more once another has taken over", async () => {
      const { bus, db } = test.fixture;
      const other = await test.fixture.another();
      await bus.publish(test.tenantNo, newEvents(2));
      const frozen = await claimOne(bus, test.tenantNo);
      await expireLease(db, test.tenantNo);
      const taken = await claimOne(other, test.tenantNo, { owner: "two" });

      expect(await ackAlone(test.fixture, frozen)).toBe(false);
      expect(await bus.extendLease(frozen, 60_000)).toBe(false);
      await bus.nack(frozen, { delayMs: 60_000 });
      await bus.release(frozen);
      expect(await bus.claimBatch({ ...plainClaim, owner: "one", tenantNo: test.tenantNo })).toBeUndefined();

      expect(await other.extendLease(taken, 60_000)).toBe(true);
      expect(await ackAlone({ ...test.fixture, bus: other }, taken)).toBe(true);
      expect(await ackAlone(test.fixture, frozen)).toBe(false);
      expect(await bus.lag(test.tenantNo)).toMatchObject({ watermark: taken.to, pendingEvents: 0 });
    });

    it("a frozen owner is refused although the range that it holds is still the next one", async () => {
      const { bus, db } = test.fixture;
      await bus.publish(test.tenantNo, newEvents(2));
      const frozen = await claimOne(bus, test.tenantNo);
      await expireLease(db, test.tenantNo);
      expect(await bus.requeueExpired()).toBe(1);
      expect(await ackAlone(test.fixture, frozen)).toBe(false);
      const again = await claimOne(bus, test.tenantNo, { owner: "two" });
      expect(again).toMatchObject({ from: frozen.from, to: frozen.to, failures: 1 });
      expect(again.epoch).toBeGreaterThan(frozen.epoch);
    });

    it("a claim of an earlier epoch is void for its own owner, too", async () => {
      const { bus, db } = test.fixture;
      await bus.publish(test.tenantNo, newEvents(2));
      const old = await claimOne(bus, test.tenantNo);
      await expireLease(db, test.tenantNo);
      await bus.requeueExpired();
      const again = await claimOne(bus, test.tenantNo);
      expect(again).toMatchObject({ owner: old.owner, from: old.from });
      expect(await ackAlone(test.fixture, old)).toBe(false);
      expect(await bus.extendLease(old, 60_000)).toBe(false);
      await bus.release(old);
      expect(await ackAlone(test.fixture, again)).toBe(true);
    });

    it("a lease that is extended in time is not taken over", async () => {
      const { bus, db } = test.fixture;
      await bus.publish(test.tenantNo, newEvents(1));
      const claim = await claimOne(bus, test.tenantNo);
      await expireLease(db, test.tenantNo);
      expect(await bus.extendLease(claim, 60_000)).toBe(true);
      expect(await bus.requeueExpired()).toBe(0);
      expect(await bus.claimBatch({ ...plainClaim, owner: "two", tenantNo: test.tenantNo })).toBeUndefined();
      expect(await ackAlone(test.fixture, claim)).toBe(true);
    });

    it("a lease that is given up is free at once, without a failure, and its claim is void", async () => {
      const { bus } = test.fixture;
      await bus.publish(test.tenantNo, newEvents(1));
      const claim = await claimOne(bus, test.tenantNo);
      await bus.release(claim);
      expect(await ackAlone(test.fixture, claim)).toBe(false);
      expect(await claimOne(bus, test.tenantNo, { owner: "two" })).toMatchObject({ from: claim.from, failures: 0 });
    });

    it("of many owners that claim at once each log has one, and everything is consumed once", async () => {
      const { bus, db } = test.fixture;
      const tenants = [test.tenantNo, await makeLog(db), await makeLog(db), await makeLog(db)];
      for (const tenantNo of tenants) await bus.publish(tenantNo, newEvents(120));
      const consumed: string[] = [];
      const owners = Array.from({ length: 6 }, async (_, owner) => {
        for (let misses = 0; misses < 20;) {
          const claim = await bus.claimBatch({ ...plainClaim, owner: `owner ${owner}`, limit: 7 });
          if (claim === undefined) {
            misses++;
            continue;
          }
          expect(await ackAlone(test.fixture, claim)).toBe(true);
          consumed.push(...claim.events.map(({ key }) => key));
          await bus.release(claim);
        }
      });
      await Promise.all(owners);
      expect(consumed).toHaveLength(4 * 120);
      expect(new Set(consumed).size).toBe(4 * 120);
    });
  });
}
