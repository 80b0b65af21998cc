import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { IngestBus } from "../ingest-bus.ts";
import { createPostgresBus } from "../postgres-bus.ts";
import { acceptedOffsets, ackAlone, claimOne, consumeAll, makeLog, newEvents, plainClaim } from "../testing/fixture.ts";
import { findNatsServer, noNatsServer } from "../testing/nats/find-server.ts";
import type { TestNats } from "../testing/nats/start-nats.ts";
import { startNats } from "../testing/nats/start-nats.ts";
import { gateAt } from "./gate.test.support.ts";
import type { OpenedNats } from "./open.test.support.ts";
import { openNats } from "./open.test.support.ts";
import { streamOf } from "./stream-of.test.support.ts";

const program = findNatsServer();

describe.runIf(program)(`logs that go on elsewhere, with nats-server ${program?.version ?? noNatsServer}`, () => {
  let nats: TestNats;
  let opened: OpenedNats;
  let tenantNo: number;
  let published: number[];
  beforeAll(async () => {
    nats = await startNats();
    return () => nats.stop();
  });
  beforeEach(async () => {
    opened = await openNats(nats.servers, { lossConfirmMs: 0, timeoutMs: 10_000 });
    tenantNo = await makeLog(opened.db);
    published = [];
    return () => opened.close();
  });

  /** Publishes so many events; their offsets must be above all before. */
  async function publish(bus: IngestBus, count: number): Promise<void> {
    const offsets = acceptedOffsets(await bus.publish(tenantNo, newEvents(count)));
    expect(offsets[0]).toBeGreaterThan(published.at(-1) ?? 0);
    published.push(...offsets);
  }
  const until = (state: "up" | "down") =>
    expect
      .poll(
        () =>
          opened.bus.ping().then(
            () => "up",
            () => "down",
          ),
        { timeout: 30_000 },
      )
      .toBe(state);
  const consumed = async (bus = opened.bus) =>
    (await consumeAll({ ...opened, bus }, tenantNo)).map(({ offset }) => offset);

  it("a log goes from one bus to the other and back, and is read to the end in the order of its offsets", async () => {
    const postgres = createPostgresBus({ db: opened.db });
    await publish(postgres, 5);
    await publish(opened.bus, 5);
    await publish(postgres, 5);
    await publish(opened.bus, 5);
    await publish(opened.bus, 5);
    expect(await opened.bus.lag(tenantNo)).toMatchObject({ pendingEvents: 25 });
    expect(await consumed()).toEqual(published);
    expect(await opened.bus.lag(tenantNo)).toMatchObject({ pendingEvents: 0, pendingBytes: 0, head: published.at(-1) });
    await publish(opened.bus, 1);
    expect(await consumed()).toEqual(published.slice(-1));
    await postgres.close();
  });

  it("a stream of somebody else that has taken our subjects is left as it is, and named", async () => {
    const connection = await connect({ servers: [...nats.servers] });
    const jsm = await jetstreamManager(connection);
    await jsm.streams.add({ name: "AUDIT", subjects: ["foreign.>"], max_bytes: 1_024 ** 2 });
    const bus = opened.beside({ prefix: "foreign" });
    await expect(bus.publish(tenantNo, newEvents(1))).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("AUDIT"),
    });
    expect((await jsm.streams.info("AUDIT")).config.max_bytes).toBe(1_024 ** 2);
    await jsm.streams.delete("AUDIT");
    await connection.close();
  });

  it("with PostgreSQL alone a log is read up to where it goes into a stream, and no further", async () => {
    const postgres = createPostgresBus({ db: opened.db });
    await publish(postgres, 3);
    await publish(opened.bus, 3);
    await publish(postgres, 3);
    expect(await opened.bus.oldestPendingAt()).toEqual((await opened.bus.lag(tenantNo))?.oldestPendingAt);
    expect(await consumed(postgres)).toEqual(published.slice(0, 3));
    // What it doesn't read may be of any age; what came into PostgreSQL behind it is younger.
    await expect(postgres.oldestPendingAt()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await postgres.claimBatch({ ...plainClaim, tenantNo })).toBeUndefined();
    expect(await consumed(opened.beside({ publishTo: "postgres" }))).toEqual(published.slice(3));
    await publish(postgres, 2);
    expect(await consumed(postgres)).toEqual(published.slice(-2));
    await postgres.close();
  });

  it("keys are known on the other bus", async () => {
    const postgres = createPostgresBus({ db: opened.db });
    const [first, second] = [newEvents(1), newEvents(1)];
    const offsets = [
      ...acceptedOffsets(await postgres.publish(tenantNo, first)),
      ...acceptedOffsets(await opened.bus.publish(tenantNo, second)),
    ];
    expect(await opened.bus.publish(tenantNo, first)).toEqual([{ outcome: "duplicate", offset: offsets[0] }]);
    expect(await postgres.publish(tenantNo, second)).toEqual([{ outcome: "duplicate", offset: offsets[1] }]);
    await postgres.close();
  });

  it("a publisher that is under way when the log goes elsewhere publishes there, and its first message doesn't count", async () => {
    const postgres = createPostgresBus({ db: opened.db });
    await publish(opened.bus, 1);
    const gate = gateAt("published");
    const events = newEvents(2);
    const slow = opened.beside(gate.changes).publish(tenantNo, events);
    await gate.reached;
    await publish(opened.bus, 1);
    await publish(postgres, 1);
    gate.letGo();
    const offsets = acceptedOffsets(await slow);
    expect(Math.min(...offsets)).toBeGreaterThan(published.at(-1) ?? 0);
    expect(await consumed()).toEqual([...published, ...offsets]);
    await postgres.close();
  });

  it("processes that publish to both at once, as while they are exchanged one by one, lose nothing and double nothing", async () => {
    const postgres = createPostgresBus({ db: opened.db });
    const accepted: number[] = [];
    const publishers = [postgres, opened.bus, postgres, opened.bus].map(async (bus) => {
      for (let batch = 0; batch < 10; batch++) {
        for (let events = newEvents(3), isDone = false; !isDone;) {
          try {
            const outcomes = await bus.publish(tenantNo, events);
            accepted.push(...outcomes.map((outcome) => ("offset" in outcome ? outcome.offset : 0)));
            isDone = true;
          } catch (error) {
            // Again and again elsewhere: with the same keys.
            expect(error).toMatchObject({ retryable: true });
          }
        }
      }
    });
    await Promise.all(publishers);
    expect(accepted).toHaveLength(120);
    expect(await consumed()).toEqual(accepted.toSorted((a, b) => a - b));
    await postgres.close();
  });

  it.each(["deleted", "deleted and made anew by hand under its name"])(
    "a stream that was %s takes no offset back; what it had is passed over, what comes is read",
    async (what) => {
      await publish(opened.bus, 6);
      expect(await ackAlone(opened, await claimOne(opened.bus, tenantNo, { limit: 2 }))).toBe(true);
      const stream = await streamOf(opened.db, tenantNo, nats.servers);
      await (what === "deleted" ? stream.delete() : stream.makeAnew());
      await stream.close();
      const later = await opened.another();
      await publish(later, 3);
      await publish(opened.bus, 3);
      expect(await consumed(later)).toEqual(published.slice(6));
      expect(await opened.bus.lag(tenantNo)).toMatchObject({ pendingEvents: 0, pendingBytes: 0 });
    },
  );

  it("a stream that was made anew by hand is not taken for the former one by who had published there", async () => {
    await publish(opened.bus, 6);
    const stream = await streamOf(opened.db, tenantNo, nats.servers);
    await stream.makeAnew();
    await stream.close();
    await publish(opened.bus, 3);
    expect(await consumed(await opened.another())).toEqual(published.slice(6));
  });

  it.each(["before it was consumed", "after it was consumed"])(
    "a stream whose server has lost its end %s takes no offset back, and hides nothing that comes behind the watermark",
    async (when) => {
      await publish(opened.bus, 5);
      const takeBack = await nats.remember(0);
      await until("up");
      await publish(opened.bus, 5);
      if (when === "after it was consumed") expect(await consumed()).toEqual(published);
      await takeBack();
      await until("up");
      await publish(opened.bus, 3);
      const kept = when === "after it was consumed" ? [] : published.slice(0, 5);
      expect(await consumed(await opened.another())).toEqual([...kept, ...published.slice(10)]);
      expect(await opened.bus.lag(tenantNo)).toMatchObject({ pendingEvents: 0, pendingBytes: 0 });
    },
  );

  it("a full stream refuses what comes, keeps what it has, and takes more once that is consumed", async () => {
    const small = await openNats(nats.servers, { streamBytesMax: 1_024 ** 2 });
    const tenant = await makeLog(small.db);
    const large = () =>
      newEvents(1).map((event) => ({ ...event, payload: JSON.stringify({ of: "x".repeat(50_000) }) }));
    const offsets: number[] = [];
    const fill = async () => {
      for (;;) offsets.push(...acceptedOffsets(await small.bus.publish(tenant, large())));
    };
    await expect(fill()).rejects.toMatchObject({ code: "RATE_LIMITED" });
    expect((await consumeAll(small, tenant)).map(({ offset }) => offset)).toEqual(offsets);
    await small.bus.upkeep();
    const stream = await streamOf(small.db, tenant, nats.servers);
    expect(await stream.messages()).toBe(0);
    await stream.close();
    acceptedOffsets(await small.bus.publish(tenant, large()));
    await small.close();
  });

  it("while NATS is away the bus says so, and goes on where it was once it is back", async () => {
    await publish(opened.bus, 3);
    await nats.kill(0);
    await until("down");
    const events = newEvents(2);
    await expect(opened.bus.publish(tenantNo, events)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(opened.bus.claimBatch({ ...plainClaim, tenantNo })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(opened.bus.ping()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await opened.bus.lag(tenantNo)).toMatchObject({ pendingEvents: 3 });
    await expect(opened.bus.oldestPendingAt()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await nats.revive(0);
    await until("up");
    expect(await opened.bus.oldestPendingAt()).toEqual((await opened.bus.lag(tenantNo))?.oldestPendingAt);
    published.push(...acceptedOffsets(await opened.bus.publish(tenantNo, events)));
    await expect
      .poll(() => opened.bus.claimBatch({ ...plainClaim, tenantNo }))
      .toMatchObject({ to: published.at(-1), failures: 0 });
    expect(await consumed()).toEqual(published);
  });

  it("a closed bus refuses work and leaves nothing behind", async () => {
    await publish(opened.bus, 1);
    await opened.bus.close();
    await expect(opened.bus.publish(tenantNo, newEvents(1))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await opened.bus.close();
  });
});
