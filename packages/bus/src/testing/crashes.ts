import { describe, expect, it } from "vitest";

import { ackAlone, claimOne, consumeAll, expireLease, newEvents } from "./fixture.ts";
import type { IngestBusHarness } from "./fixture.ts";
import { opened } from "./opened.ts";

/** What ends between two steps: publishers and owners. */
export function describeCrashes(harness: IngestBusHarness): void {
  describe("crashes", () => {
    const test = opened(harness);

    it.each(harness.crashes)(
      "a publish that ends $at, sent again with the same keys, leaves each event once",
      async (crash) => {
        const { bus } = test.fixture;
        await bus.publish(test.tenantNo, newEvents(1));
        const events = newEvents(5);
        await expect(crash.publish(test.fixture, test.tenantNo, events)).rejects.toBeInstanceOf(Error);
        const outcomes = await bus.publish(test.tenantNo, events);
        const kinds = [...new Set(outcomes.map(({ outcome }) => outcome))];
        expect(kinds).toHaveLength(1);
        if (crash.isStored !== undefined) expect(kinds).toEqual([crash.isStored ? "duplicate" : "accepted"]);
        await bus.publish(test.tenantNo, newEvents(1));
        const consumed = await consumeAll(test.fixture, test.tenantNo);
        expect(consumed.slice(1, -1).map(({ key }) => key)).toEqual(events.map(({ key }) => key));
        expect(consumed.slice(1, -1).map(({ offset }) => offset)).toEqual(
          outcomes.map((outcome) => "offset" in outcome && outcome.offset),
        );
        expect(consumed).toHaveLength(7);
      },
    );

    it("an owner that ends behind its claim leaves the range to the next one", async () => {
      const { bus, db } = test.fixture;
      await bus.publish(test.tenantNo, newEvents(3));
      const claim = await claimOne(bus, test.tenantNo, { owner: "gone" });
      await expireLease(db, test.tenantNo);
      const next = await claimOne(bus, test.tenantNo, { owner: "next" });
      expect(next.events).toEqual(claim.events);
      expect(await ackAlone(test.fixture, next)).toBe(true);
    });

    it("an owner that ends behind its acknowledgement's commit leaves nothing to do again", async () => {
      const { bus, db } = test.fixture;
      await bus.publish(test.tenantNo, newEvents(3));
      expect(await ackAlone(test.fixture, await claimOne(bus, test.tenantNo, { owner: "gone" }))).toBe(true);
      await expireLease(db, test.tenantNo);
      await bus.publish(test.tenantNo, newEvents(1));
      const next = await claimOne(bus, test.tenantNo, { owner: "next" });
      expect(next.events).toHaveLength(1);
      expect(next.failures).toBe(0);
    });
  });
}
