import { createDatabase, type Database, hotSession } from "@millrace/storage";
import { patient, testDatabase } from "@millrace/storage/testing";

import type { IngestBus } from "../ingest-bus.ts";
import type { CrashedPublish, IngestBusFixture } from "../testing/fixture.ts";
import { createNatsBus } from "./nats-bus.ts";
import type { NatsBusOptions, NatsBusPoint } from "./options.ts";

type Changes = Partial<Omit<NatsBusOptions, "db">>;

/** Buses on one database of their own and on given servers. */
export interface OpenedNats extends IngestBusFixture {
  readonly url: string;
  /** One more, as another process has, with these options. */
  another(changes?: Changes): Promise<IngestBus>;
  /** Another with its options, on the same database connections; closed with the rest. */
  beside(changes: Changes): IngestBus;
}

let opened = 0;

/** Opens a bus on servers that others use, too: its subjects and streams are its own. */
export async function openNats(servers: readonly string[], changes: Changes = {}): Promise<OpenedNats> {
  const {
    database: db,
    url,
    close,
  } = await testDatabase({
    database: { session: hotSession, poolMax: 16 },
  });
  const options: Omit<NatsBusOptions, "db"> = {
    servers,
    prefix: `t${process.pid}-${opened++}`,
    streamBytesMax: 256 * 1_024 ** 2,
    timeoutMs: patient.statementTimeoutMs,
    ...changes,
  };
  const buses: IngestBus[] = [];
  const databases: Database[] = [];
  const make = (own: Database, more: Changes = {}): IngestBus => {
    const bus = createNatsBus({ db: own, ...options, ...more });
    buses.push(bus);
    return bus;
  };
  const bus = make(db);
  await bus.upkeep();
  return {
    bus,
    db,
    url,
    async another(more) {
      const own = createDatabase({ ...patient, url, session: hotSession });
      databases.push(own);
      return make(own, more);
    },
    beside: (more) => make(db, more),
    async close() {
      for (const one of buses) await one.close();
      for (const own of databases) await own.close();
      await close();
    },
  };
}

/** What `crashAt` ends with. */
export class Crash extends Error {}

/** Ends what it is given to when it comes to this point. */
export function crashAt(point: NatsBusPoint): Changes {
  return {
    atPoint: (at) => (at === point ? Promise.reject(new Crash(`ends at ${point}`)) : Promise.resolve()),
  };
}

/** Publishes that end behind each of their steps. */
export const crashes: readonly CrashedPublish[] = (
  [
    ["behind its look-up", "looked-up", false],
    ["behind the last acknowledgement, before its record", "published", true],
    ["behind its record, before its answer", "recorded", true],
  ] as const
).map(([at, point, isStored]) => ({
  at,
  isStored,
  publish: (fixture, tenantNo, events) => (fixture as OpenedNats).beside(crashAt(point)).publish(tenantNo, events),
}));
