import { beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { NewEvent } from "../ingest-bus.ts";
import { acceptedOffsets, ackAlone, claimOne, consumeAll, makeLog, newEvent, newEvents } from "../testing/fixture.ts";
import { findNatsServer, noNatsServer } from "../testing/nats/find-server.ts";
import type { TestNats } from "../testing/nats/start-nats.ts";
import { startNats } from "../testing/nats/start-nats.ts";
import { gateAt } from "./gate.test.support.ts";
import type { OpenedNats } from "./open.test.support.ts";
import { Crash, crashAt, openNats } from "./open.test.support.ts";
import { streamOf } from "./stream-of.test.support.ts";

const program = findNatsServer();

describe.runIf(program)(
  `what ends or waits between the steps, with nats-server ${program?.version ?? noNatsServer}`,
  () => {
    let nats: TestNats;
    let opened: OpenedNats;
    let tenantNo: number;
    beforeAll(async () => {
      nats = await startNats();
      return () => nats.stop();
    });
    beforeAll(async () => {
      opened = await openNats(nats.servers, { duplicateWindowMs: 200 });
      return () => opened.close();
    });
    beforeEach(async () => {
      tenantNo = await makeLog(opened.db);
    });

    const consumed = async () => (await consumeAll(opened, tenantNo)).map(({ offset, key }) => ({ offset, key }));
    const forgotten = async () => {
      const stream = await streamOf(opened.db, tenantNo, nats.servers);
      await stream.untilForgotten();
      await stream.close();
    };
    /** Leaves messages that nobody has recorded. */
    const abandon = (events: readonly NewEvent[], options = {}) =>
      expect(opened.beside(crashAt("published")).publish(tenantNo, events, options)).rejects.toBeInstanceOf(Crash);

    it("an event whose publisher died before its record is given out once, where it is", async () => {
      const [before, lost, after] = newEvents(3) as [NewEvent, NewEvent, NewEvent];
      await opened.bus.publish(tenantNo, [before]);
      await abandon([lost]);
      await opened.bus.publish(tenantNo, [after]);
      const found = await consumed();
      expect(found.map(({ key }) => key)).toEqual([before.key, lost.key, after.key]);
      expect(await opened.bus.publish(tenantNo, [lost])).toEqual([{ outcome: "duplicate", offset: found[1]?.offset }]);
      expect(await consumed()).toEqual([]);
    });

    it("a publish again after the server's window leaves one of two messages, the one that was answered", async () => {
      const [event, other] = newEvents(2) as [NewEvent, NewEvent];
      await opened.bus.publish(tenantNo, [other]);
      await abandon([event]);
      await forgotten();
      const [offset] = acceptedOffsets(await opened.bus.publish(tenantNo, [event]));
      expect(await consumed()).toEqual([expect.objectContaining({ key: other.key }), { offset, key: event.key }]);
    });

    it("a reader that is faster than a late duplicate's record wins, and the duplicate is dropped", async () => {
      const [event, other] = newEvents(2) as [NewEvent, NewEvent];
      await abandon([event]);
      await forgotten();
      const gate = gateAt("looked-up");
      const late = opened.beside(gate.changes).publish(tenantNo, [event]);
      await gate.reached;
      await opened.bus.publish(tenantNo, [other]);
      const [first] = await consumed();
      expect(first?.key).toBe(event.key);
      gate.letGo();
      expect(await late).toEqual([{ outcome: "duplicate", offset: first?.offset }]);
      await opened.bus.publish(tenantNo, newEvents(1));
      expect((await consumed()).map(({ key }) => key)).not.toContain(event.key);
    });

    it("a reader that comes between the acknowledgement and the record gives out what is then answered", async () => {
      const [event, other] = newEvents(2) as [NewEvent, NewEvent];
      const gate = gateAt("published");
      const slow = opened.beside(gate.changes).publish(tenantNo, [event]);
      await gate.reached;
      await opened.bus.publish(tenantNo, [other]);
      const [first] = await consumed();
      gate.letGo();
      expect(await slow).toEqual([{ outcome: "accepted", offset: first?.offset }]);
      expect(first?.key).toBe(event.key);
      expect(await consumed()).toEqual([]);
    });

    it("of two records under one key the one that is recorded first counts, though its message is the later one", async () => {
      const gate = gateAt("published");
      const slow = opened.beside(gate.changes).publish(tenantNo, [newEvent("contested", { payload: `{"n":1}` })]);
      await gate.reached;
      const [offset] = acceptedOffsets(
        await opened.bus.publish(tenantNo, [newEvent("contested", { payload: `{"n":2}` })]),
      );
      gate.letGo();
      expect(await slow).toEqual([{ outcome: "reused" }]);
      expect(await consumeAll(opened, tenantNo)).toMatchObject([{ offset, payload: `{"n":2}` }]);
    });

    it("what a reader has recorded and not acknowledged is given out again as it was", async () => {
      await abandon(newEvents(3));
      await opened.bus.publish(tenantNo, newEvents(1));
      const failed = opened
        .beside(crashAt("settled"))
        .claimBatch({ owner: "x", leaseMs: 60_000, limit: 9, bytesMax: 1e6, tenantNo });
      await expect(failed).rejects.toBeInstanceOf(Crash);
      await opened.db.query({ name: "now", text: "update millrace.event_progress set not_before = null" });
      expect((await claimOne(opened.bus, tenantNo)).events).toHaveLength(4);
      const again = await claimOne(opened.bus, tenantNo);
      expect(again.events).toHaveLength(4);
      expect(await opened.bus.lag(tenantNo)).toMatchObject({ pendingEvents: 4 });
      expect(await ackAlone(opened, again)).toBe(true);
      expect(await opened.bus.lag(tenantNo)).toMatchObject({ pendingEvents: 0, pendingBytes: 0 });
    });

    it("an atomic batch whose publisher died is never seen, and can be published again", async () => {
      const events = newEvents(3);
      await abandon(events, { atomic: true });
      await opened.bus.publish(tenantNo, newEvents(1));
      expect(await consumed()).toHaveLength(1);
      const offsets = acceptedOffsets(await opened.bus.publish(tenantNo, events, { atomic: true }));
      expect(await consumed()).toEqual(events.map(({ key }, place) => ({ key, offset: offsets[place] })));
    });

    it("an atomic batch that a reader meets before it is whole is given up there, and counts as a whole further on", async () => {
      const events = newEvents(3);
      const gate = gateAt("published");
      const slow = opened.beside(gate.changes).publish(tenantNo, events, { atomic: true });
      await gate.reached;
      await opened.bus.publish(tenantNo, newEvents(1));
      expect(await consumed()).toHaveLength(1);
      gate.letGo();
      const offsets = acceptedOffsets(await slow);
      expect(await consumed()).toEqual(events.map(({ key }, place) => ({ key, offset: offsets[place] })));
    });

    it("an atomic batch of which another publisher takes a key meanwhile leaves nothing behind", async () => {
      const events = [newEvent("mine"), newEvent("taken", { payload: `{"n":1}` })];
      const gate = gateAt("published");
      const slow = opened.beside(gate.changes).publish(tenantNo, events, { atomic: true });
      await gate.reached;
      await opened.bus.publish(tenantNo, [newEvent("taken", { payload: `{"n":2}` })]);
      gate.letGo();
      expect(await slow).toEqual([{ outcome: "refused" }, { outcome: "reused" }]);
      expect(await consumeAll(opened, tenantNo)).toMatchObject([{ key: "taken", payload: `{"n":2}` }]);
    });

    it("a message that is purged before it is recorded is published again", async () => {
      const event = newEvent("slow");
      const gate = gateAt("published");
      const slow = opened.beside(gate.changes).publish(tenantNo, [event]);
      await gate.reached;
      const other = await makeLog(opened.db);
      await opened.bus.publish(other, newEvents(3));
      await consumeAll(opened, other);
      await opened.bus.upkeep();
      gate.letGo();
      const [offset] = acceptedOffsets(await slow);
      expect(await consumed()).toEqual([{ offset, key: event.key }]);
    });

    it("pending events are a tenant's own, whatever others have between them", async () => {
      const flood = await makeLog(opened.db);
      await opened.bus.publish(tenantNo, newEvents(2));
      await opened.bus.publish(flood, newEvents(500));
      await opened.bus.publish(tenantNo, newEvents(1));
      expect(await opened.bus.lag(tenantNo)).toMatchObject({ pendingEvents: 3 });
      await consumeAll(opened, tenantNo);
      expect(await opened.bus.lag(tenantNo)).toMatchObject({ pendingEvents: 0, pendingBytes: 0 });
      expect(await opened.bus.lag(flood)).toMatchObject({ pendingEvents: 500 });
      await consumeAll(opened, flood);
    });
  },
);
