import { beforeAll, describe, expect, it } from "vitest";

import type { LoggedEvent, NewEvent } from "../ingest-bus.ts";
import { ackAlone, makeLog, newEvents, plainClaim } from "../testing/fixture.ts";
import { findNatsServer, noNatsServer } from "../testing/nats/find-server.ts";
import type { TestNats } from "../testing/nats/start-nats.ts";
import { startNats } from "../testing/nats/start-nats.ts";
import type { OpenedNats } from "./open.test.support.ts";
import { openNats } from "./open.test.support.ts";
import { streamOf } from "./stream-of.test.support.ts";

const program = findNatsServer();
const replicas = 3;

describe.runIf(program)(`three servers, with nats-server ${program?.version ?? noNatsServer}`, () => {
  let nats: TestNats;
  let opened: OpenedNats;
  beforeAll(async () => {
    nats = await startNats({ servers: replicas });
    return () => nats.stop();
  });
  beforeAll(async () => {
    opened = await openNats(nats.servers, { replicas, timeoutMs: 2_000 });
    return () => opened.close();
  });

  it.each(["leads the stream", "is connected to"])(
    "a server that %s is killed under load: nothing acknowledged is lost, nothing comes twice, and offsets rise",
    async (which) => {
      const tenantNo = await makeLog(opened.db);
      const [first] = newEvents(1) as [NewEvent];
      await expect.poll(() => opened.bus.publish(tenantNo, [first])).toHaveLength(1);
      const accepted = new Map<string, number>();
      const publishUntil = async (isOver: () => boolean) => {
        const bus = await opened.another();
        const isAccepted = (events: readonly NewEvent[]) => events.every(({ key }) => accepted.has(key));
        for (let events = newEvents(20); !(isOver() && isAccepted(events));) {
          // Whoever gets no answer sends the same again.
          if (isAccepted(events)) events = newEvents(20);
          const outcomes = await bus.publish(tenantNo, events).catch(expectUnavailable);
          for (const [place, outcome] of outcomes?.entries() ?? []) {
            if ("offset" in outcome) accepted.set(events[place]?.key ?? "", outcome.offset);
          }
        }
      };
      const consumed: LoggedEvent[] = [];
      const consumeOne = async () => {
        const claim = await opened.bus.claimBatch({ ...plainClaim, tenantNo }).catch(expectUnavailable);
        if (claim !== undefined && (await ackAlone(opened, claim))) consumed.push(...claim.events);
      };
      const consumeUntil = async (isOver: () => boolean) => {
        while (!isOver()) await consumeOne();
      };

      let isPublished = false;
      const publishers = [1, 2, 3, 4].map(() => publishUntil(() => isPublished));
      const consumer = consumeUntil(() => isPublished);
      await expect.poll(() => consumed.length, { timeout: 60_000 }).toBeGreaterThan(200);

      const stream = await streamOf(opened.db, tenantNo, nats.servers);
      const leader = Number((await stream.leader()).slice(1));
      await stream.close();
      const victim = which === "leads the stream" ? leader : (leader + 1) % replicas;
      await nats.kill(victim);
      const before = accepted.size;
      await expect.poll(() => accepted.size, { timeout: 90_000 }).toBeGreaterThan(before + 1_000);
      await nats.revive(victim);
      const after = accepted.size;
      await expect.poll(() => accepted.size, { timeout: 90_000 }).toBeGreaterThan(after + 1_000);
      isPublished = true;
      await Promise.all([...publishers, consumer]);
      await expect
        .poll(
          async () => {
            await consumeOne();
            return (await opened.bus.lag(tenantNo))?.pendingEvents;
          },
          { timeout: 120_000 },
        )
        .toBe(0);

      const offsets = consumed.map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
      expect(new Set(consumed.map(({ key }) => key)).size).toBe(consumed.length);
      const found = new Map(consumed.map(({ key, offset }) => [key, offset]));
      for (const [key, offset] of accepted) expect(found.get(key)).toBe(offset);
      expect(consumed).toHaveLength(accepted.size + 1);
    },
    400_000,
  );
});

function expectUnavailable(error: unknown): undefined {
  expect(error).toMatchObject({ code: "UNAVAILABLE" });
}
