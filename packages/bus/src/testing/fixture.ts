import { randomUUID } from "node:crypto";

import { type Database, keyHash } from "@millrace/storage";

import type { IngestBus, LoggedEvent, NewEvent, PublishOutcome, RangeClaim } from "../ingest-bus.ts";

/** A bus to test, without any log, and how to put it away. */
export interface IngestBusFixture {
  readonly bus: IngestBus;
  /** The database that progress is kept in. */
  readonly db: Database;
  /** One more bus on the same logs, as another process has; closed with the fixture. */
  another(): Promise<IngestBus>;
  close(): Promise<void>;
}

/** A publish that ends in the middle: it rejects, and what was sent is there in full or not at all. */
export interface CrashedPublish {
  /** Where it ends, such as "before its commit". */
  readonly at: string;
  /** Whether the events are there after it; undefined where either may be. */
  readonly isStored: boolean | undefined;
  publish(fixture: IngestBusFixture, tenantNo: number, events: readonly NewEvent[]): Promise<unknown>;
}

export interface IngestBusHarness {
  open(): Promise<IngestBusFixture>;
  /** One for each step of a publish that something can end behind. */
  readonly crashes: readonly CrashedPublish[];
}

/** Makes a tenant's log; answers the tenant's number. */
export async function makeLog(db: Database): Promise<number> {
  const statement = {
    name: "makeLog",
    text: `
with log as (insert into millrace.event_logs (tenant_id) values ($1::text) returning tenant_no)
insert into millrace.event_progress (tenant_no) select tenant_no from log returning tenant_no as "tenantNo"`,
  };
  const [row] = await db.query<{ tenantNo: number }>(statement, [randomUUID()]);
  if (row === undefined) throw new Error("no log was made");
  return row.tenantNo;
}

/** An event of table 1 under this key; `changes` say what the test is about. */
export function newEvent(key: string, changes: Partial<NewEvent> = {}): NewEvent {
  const payload = changes.payload ?? JSON.stringify({ of: key });
  return {
    tableId: 1,
    version: 1,
    op: "insert",
    key,
    payload,
    payloadHash: keyHash(payload),
    eventTime: undefined,
    ...changes,
  };
}

/** So many events whose keys nobody else has. */
export function newEvents(n: number): readonly NewEvent[] {
  return Array.from({ length: n }, () => newEvent(randomUUID()));
}

/** The offsets of a publish of which everything was accepted, in its order. */
export function acceptedOffsets(outcomes: readonly PublishOutcome[]): readonly number[] {
  return outcomes.map((outcome) => {
    if (outcome.outcome !== "accepted") throw new Error(`not accepted but ${outcome.outcome}`);
    return outcome.offset;
  });
}

/** A claim without anything special. */
export const plainClaim = { owner: "one", leaseMs: 60_000, limit: 1_000, bytesMax: 1_000_000 };

/** The next range of a tenant. */
export async function claimOne(
  bus: IngestBus,
  tenantNo: number,
  changes: Partial<typeof plainClaim> = {},
): Promise<RangeClaim> {
  const claim = await bus.claimBatch({ ...plainClaim, ...changes, tenantNo });
  if (claim === undefined) throw new Error("nothing could be claimed");
  return claim;
}

/** Acknowledges a claim in a transaction that is rolled back where the bus says no. */
export async function ackAlone({ bus, db }: IngestBusFixture, claim: RangeClaim): Promise<boolean> {
  const refused = new Error("refused");
  try {
    await db.withTransaction(async (tx) => {
      if (!(await bus.ack(tx, claim))) throw refused;
    });
    return true;
  } catch (error) {
    if (error === refused) return false;
    throw error;
  }
}

/** Consumes a tenant's log to its end. */
export async function consumeAll(fixture: IngestBusFixture, tenantNo: number): Promise<readonly LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for (;;) {
    const claim = await fixture.bus.claimBatch({ ...plainClaim, tenantNo });
    if (claim === undefined) return events;
    if (!(await ackAlone(fixture, claim))) throw new Error("an acknowledgement was refused");
    events.push(...claim.events);
  }
}

/** Lets a tenant's lease have expired a second ago. */
export async function expireLease(db: Database, tenantNo: number): Promise<void> {
  await db.query(
    {
      name: "expireLease",
      text: "update millrace.event_progress set lease_expires_at = clock_timestamp() - interval '1 second' where tenant_no = $1",
    },
    [tenantNo],
  );
}

/** Lets the delay of a tenant's range be over. */
export async function endDelay(db: Database, tenantNo: number): Promise<void> {
  await db.query(
    {
      name: "endDelay",
      text: "update millrace.event_progress set not_before = clock_timestamp() where tenant_no = $1",
    },
    [tenantNo],
  );
}
