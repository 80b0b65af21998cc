import { createDatabase, hotSession, publishEvents } from "@millrace/storage";
import { patient, startTcpProxy, testDatabase } from "@millrace/storage/testing";

import type { NewEvent } from "./ingest-bus.ts";
import { createPostgresBus } from "./postgres-bus.ts";
import { describeIngestBus } from "./testing/describe-ingest-bus.ts";
import { makeLog, newEvents } from "./testing/fixture.ts";
import type { CrashedPublish } from "./testing/fixture.ts";

const options = { ...patient, session: hotSession, poolMax: 16 };

const urls = new WeakMap<object, string>();

const crashes: readonly CrashedPublish[] = [
  {
    at: "before its statement arrives",
    isStored: false,
    publish: ({ db }, tenantNo, events) => throughBrokenLine(urls.get(db), "to server", tenantNo, events),
  },
  {
    at: "before its commit",
    isStored: false,
    publish: ({ db }, tenantNo, events) =>
      db.withTransaction(async (tx) => {
        await publishEvents(tx, tenantNo, events);
        await tx.query({ name: "kill", text: "select pg_terminate_backend(pg_backend_pid())" });
      }),
  },
  {
    at: "behind its commit, before its answer",
    isStored: true,
    publish: ({ db }, tenantNo, events) => throughBrokenLine(urls.get(db), "to client", tenantNo, events),
  },
];

/** Publishes on a line that breaks at the first byte in this direction once the connection is there. */
async function throughBrokenLine(
  url: string | undefined,
  broken: "to server" | "to client",
  tenantNo: number,
  events: readonly NewEvent[],
): Promise<unknown> {
  if (url === undefined) throw new Error("no URL");
  const proxy = await startTcpProxy({ port: Number(new URL(url).port) });
  const db = createDatabase({ ...patient, url: proxy.through(url), poolMax: 1 });
  try {
    // The driver prepares a statement by an exchange of its own, which is not what is to be cut.
    await publishEvents(db, await makeLog(db), newEvents(1));
    proxy.watch((direction) => {
      if (direction === broken) proxy.cut();
      return direction !== broken;
    });
    return await publishEvents(db, tenantNo, events);
  } finally {
    await db.close({ graceMs: 0 });
    await proxy.close();
  }
}

describeIngestBus("PostgreSQL", {
  crashes,
  async open() {
    const { database: db, url, close } = await testDatabase({ database: options });
    urls.set(db, url);
    const opened = [createPostgresBus({ db })];
    const others: { close(): Promise<void> }[] = [];
    await opened[0]!.upkeep();
    return {
      bus: opened[0]!,
      db,
      async another() {
        const own = createDatabase({ ...options, url });
        const bus = createPostgresBus({ db: own });
        opened.push(bus);
        others.push(own);
        return bus;
      },
      async close() {
        for (const bus of opened) await bus.close();
        for (const other of others) await other.close();
        await close();
      },
    };
  },
});
