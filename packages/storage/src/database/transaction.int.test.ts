import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { Database, Transaction } from "../database.ts";
import { createDatabase } from "../database.ts";
import { isOutcomeUnknown } from "../pg-error.ts";
import { patient } from "../testing/patient.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import type { TcpProxy } from "../testing/tcp-proxy.ts";
import { testDatabase } from "../testing/test-database.ts";
import type { TestDatabase } from "../testing/test-database.ts";

let db: TestDatabase;
let proxy: TcpProxy;
beforeAll(async () => {
  db = await testDatabase({ migrate: false });
  await run(db.database, "create table note (id text primary key)");
  proxy = await startTcpProxy({ port: Number(new URL(db.url).port) });
});
beforeEach(async () => {
  proxy.heal();
  proxy.cut();
  await run(db.database, "truncate note");
});
afterAll(async () => {
  await proxy.close();
  await db.close();
});

const insert = { name: "insert", text: "insert into note (id) values ($1)" };

function run(database: Database, text: string): Promise<readonly unknown[]> {
  return database.query({ name: "test", text });
}

async function notes(): Promise<readonly string[]> {
  const rows = await db.database.query<{ id: string }>({ name: "notes", text: "select id from note order by id" });
  return rows.map(({ id }) => id);
}

async function backendOf(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ pid: number }>({ name: "pid", text: "select pg_backend_pid() as pid" });
  return row!.pid;
}

function kill(pid: number): Promise<unknown> {
  return db.database.query({ name: "kill", text: "select pg_terminate_backend($1::int, 5000)" }, [pid]);
}

describe("a transaction", () => {
  test("commits what its function wrote and answers its result", async () => {
    const result = await db.database.withTransaction(async (tx) => {
      await tx.query(insert, ["a"]);
      return 7;
    });
    expect(result).toBe(7);
    expect(await notes()).toEqual(["a"]);
  });

  test("leaves nothing behind when its function rejects, and rejects with the same error", async () => {
    const failure = new Error("the caller's own");
    const transaction = db.database.withTransaction(async (tx) => {
      await tx.query(insert, ["a"]);
      throw failure;
    });
    await expect(transaction).rejects.toBe(failure);
    expect(await notes()).toEqual([]);
  });

  test("rejects when a statement failed and its function went on as if nothing had happened", async () => {
    const transaction = db.database.withTransaction(async (tx) => {
      await tx.query(insert, ["a"]);
      await tx.query(insert, ["a"]).catch(() => {});
      return "done";
    });
    await expect(transaction).rejects.toMatchObject({ code: "INTERNAL", cause: { code: "23505" } });
    expect(await notes()).toEqual([]);
  });

  test("reports a constraint that is checked at COMMIT as a known failure", async () => {
    await run(db.database, "create table later (id int primary key deferrable initially deferred)");
    const error = await db.database
      .withTransaction(async (tx) => {
        await tx.query({ name: "twice", text: "insert into later (id) values (1), (1)" });
      })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "INTERNAL", cause: { code: "23505" } });
    expect(isOutcomeUnknown(error)).toBe(false);
  });

  test("waits for a statement that its function did not wait for, and keeps their order", async () => {
    await db.database.withTransaction(async (tx) => {
      void tx.query(insert, ["a"]);
      void tx.query(insert, ["b"]);
    });
    expect(await notes()).toEqual(["a", "b"]);
  });

  test("refuses its handle once it is over", async () => {
    let kept: Transaction | undefined;
    await db.database.withTransaction(async (tx) => {
      kept = tx;
    });
    await expect(kept!.query(insert, ["late"])).rejects.toThrow("The transaction is over");
    await db.database
      .withTransaction(async (tx) => {
        kept = tx;
        throw new Error("rolled back");
      })
      .catch(() => {});
    await expect(kept!.query(insert, ["late"])).rejects.toThrow("The transaction is over");
    expect(await notes()).toEqual([]);
  });

  test("runs at the isolation and with the access asked for", async () => {
    const show = {
      name: "show",
      text: "select current_setting('transaction_isolation') i, current_setting('transaction_read_only') r",
    };
    expect(
      await db.database.withTransaction((tx) => tx.query(show), { isolation: "serializable", readOnly: true }),
    ).toEqual([{ i: "serializable", r: "on" }]);
    expect(await db.database.withTransaction((tx) => tx.query(show))).toEqual([{ i: "read committed", r: "off" }]);
  });

  test("ends at its deadline, even if its function never does, and gives its connection up", async () => {
    const startMs = performance.now();
    const transaction = db.database.withTransaction(
      async (tx) => {
        await tx.query(insert, ["a"]);
        await new Promise(() => {});
      },
      { timeoutMs: 200 },
    );
    await expect(transaction).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "The database did not answer in time",
    });
    expect(performance.now() - startMs).toBeLessThan(patient.transactionTimeoutMs / 2);
    expect(await notes()).toEqual([]);
  });

  test("follows others on the same connection, and takes a new one when that was lost in between", async () => {
    const database = createDatabase({ ...patient, url: db.url, poolMax: 1 });
    for (let round = 0; round < 3; round++) await database.withTransaction((tx) => tx.query(insert, [`${round}`]));
    const pid = await database.withTransaction(backendOf);
    await kill(pid);
    await expect.poll(() => database.stats().open).toBe(0);
    await database.withTransaction((tx) => tx.query(insert, ["after"]));
    expect(await notes()).toEqual(["0", "1", "2", "after"]);
    await database.close();
  });

  test("does not begin without a connection that answers", async () => {
    const database = createDatabase({ ...patient, url: proxy.through(db.url), poolMax: 1 });
    await database.ping();
    proxy.blackHole();
    let called = false;
    const transaction = database.withTransaction(
      async () => {
        called = true;
      },
      { timeoutMs: 300 },
    );
    await expect(transaction).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(called).toBe(false);
    proxy.heal();
    await database.close();
  });

  test("gives its connection up when it can't roll back in time", async () => {
    const database = createDatabase({ ...patient, url: proxy.through(db.url), poolMax: 1 });
    const failure = new Error("the caller's own");
    const transaction = database.withTransaction(
      async (tx) => {
        await tx.query(insert, ["a"]);
        proxy.blackHole();
        throw failure;
      },
      { timeoutMs: 5_000 },
    );
    await expect(transaction).rejects.toBe(failure);
    proxy.heal();
    expect(await run(database, "select 1 as one")).toEqual([{ one: 1 }]);
    await database.close();
  });
});

describe("a connection that dies inside a transaction", () => {
  test("ends the wait at once, and nothing its function does later reaches another transaction or is kept", async () => {
    const database = createDatabase({ ...patient, url: db.url, poolMax: 1 });
    const wakeFirst = Promise.withResolvers<void>();
    const firstEnded = Promise.withResolvers<unknown>();

    const first = database.withTransaction(async (tx) => {
      await tx.query(insert, ["first"]);
      await kill(await backendOf(tx));
      await wakeFirst.promise;
      firstEnded.resolve(await tx.query(insert, ["ghost"]).catch((error: unknown) => error));
    });
    await expect(first).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(first.catch(isOutcomeUnknown)).resolves.toBe(false);

    // The abandoned function goes on while the only connection of the pool is in another transaction.
    const second = database.withTransaction(async (tx) => {
      await tx.query(insert, ["second"]);
      wakeFirst.resolve();
      expect(await firstEnded.promise).toMatchObject({ code: "UNAVAILABLE" });
      const inside = await tx.query<{ id: string }>({ name: "notes", text: "select id from note order by id" });
      expect(inside).toEqual([{ id: "second" }]);
      throw new Error("undo the second");
    });
    await expect(second).rejects.toThrow("undo the second");

    expect(await notes()).toEqual([]);
    await database.close();
  });

  test("fails every statement that was under way in it", async () => {
    const outcomes: unknown[] = [];
    const transaction = db.database.withTransaction(async (tx) => {
      const pid = await backendOf(tx);
      const sleeping = tx.query({ name: "sleep", text: "select pg_sleep(30)" }).catch((error: unknown) => error);
      const behind = tx.query(insert, ["behind"]).catch((error: unknown) => error);
      await kill(pid);
      outcomes.push(await sleeping, await behind);
    });
    await expect(transaction).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect.poll(() => outcomes).toMatchObject([{ code: "UNAVAILABLE" }, { code: "UNAVAILABLE" }]);
    expect(await notes()).toEqual([]);
  });

  test("during COMMIT is reported as an unknown outcome, for the change may be saved", async () => {
    const database = createDatabase({ ...patient, url: proxy.through(db.url), poolMax: 1 });
    const transaction = database.withTransaction(async (tx) => {
      await tx.query(insert, ["a"]);
      // The server gets the COMMIT and does it; its answer is lost.
      proxy.watch((direction) => {
        if (direction === "to server") return true;
        proxy.reset();
        return false;
      });
    });
    const error = await transaction.catch((caught: unknown) => caught);
    expect(isOutcomeUnknown(error)).toBe(true);
    expect(error).toMatchObject({ code: "UNAVAILABLE", retryAfterMs: expect.any(Number), cause: expect.any(Error) });
    await expect.poll(notes).toEqual(["a"]);
    await database.close();
  });
});
