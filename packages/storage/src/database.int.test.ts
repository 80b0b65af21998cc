import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createDatabase, drizzleOf } from "./database.ts";
import type { Database, DatabaseOptions } from "./database.ts";
import { patient } from "./testing/patient.ts";
import { testDatabase } from "./testing/test-database.ts";
import type { TestDatabase } from "./testing/test-database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase({ migrate: false });
});
afterAll(() => db.close());

async function withDatabase<Result>(
  options: Partial<DatabaseOptions>,
  run: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = createDatabase({ ...patient, url: db.url, ...options });
  try {
    return await run(database);
  } finally {
    await database.close({ graceMs: 0 });
  }
}

function sql(text: string): { name: string; text: string } {
  return { name: "test", text };
}

describe("query", () => {
  test("refuses stacked statements, with and without parameters and prepared statements", async () => {
    await db.database.query(sql("create table safe (id int)"));
    for (const prepare of [true, false]) {
      await withDatabase({ prepare }, async (database) => {
        for (const parameters of [[], [1]]) {
          const text = parameters.length === 0 ? "select 1; drop table safe" : "select $1::int; drop table safe";
          await expect(database.query(sql(text), parameters)).rejects.toMatchObject({ cause: { code: "42601" } });
        }
        expect(await database.query(sql("select count(*) from safe"))).toEqual([{ count: 0 }]);
      });
    }
  });

  test("answers the same with prepared statements and without", async () => {
    const statement = sql("select $1::int + 1 as sum, $2::text[] as list, $3::jsonb as json, $4::timestamptz as at");
    const at = new Date(1_700_000_000_123);
    const parameters = [41, ["a", null], '{"b":[1]}', at] as const;
    for (const prepare of [true, false]) {
      await withDatabase({ prepare, poolMax: 1 }, async (database) => {
        for (let round = 0; round < 3; round++) {
          expect(await database.query(statement, parameters)).toEqual([
            { sum: 42, list: ["a", null], json: { b: [1] }, at },
          ]);
        }
        const [prepared] = await database.query<{ count: number }>(
          sql("select count(*) from pg_prepared_statements where statement like 'select $1::int + 1%'"),
        );
        expect(prepared?.count).toBe(prepare ? 1 : 0);
      });
    }
  });

  test("tells a statement that PostgreSQL refuses from one whose answer was lost, and keeps its connection", async () => {
    await withDatabase({ poolMax: 1 }, async (database) => {
      await expect(database.query(sql("select no_such_column"))).rejects.toMatchObject({
        code: "INTERNAL",
        message: "The database refused a statement",
        extensions: {},
        cause: { code: "42703" },
      });
      expect(database.stats()).toEqual({ open: 1, inUse: 0, waiting: 0, max: 1 });
    });
  });

  test("says that a value can't be stored, whatever kind of value it is", async () => {
    for (const [text, parameter] of [
      ["select $1::text", "nul \0 byte"],
      ["select $1::uuid", "not a uuid"],
      ["select $1::int", 2 ** 40],
      ["select $1::jsonb", String.raw`"\u0000"`],
      ["select $1::timestamptz", "0000-01-01"],
    ] as const) {
      await expect(db.database.query(sql(text), [parameter])).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
    }
  });

  test("has all the time that its caller gives it, and no more, on the server as well", async () => {
    // The server's limits: long enough for a stall of what is quick, shorter than what is slow.
    const limits = { statementTimeoutMs: 4_000, transactionTimeoutMs: 4_500 };
    await withDatabase({ ...limits, poolMax: 3 }, async (database) => {
      const slow = sql("select 1 as one from pg_sleep(5)");
      const setting = sql("select current_setting('statement_timeout') as v");
      await Promise.all([
        expect(database.query(sql("select pg_sleep(600)"))).rejects.toMatchObject({ code: "UNAVAILABLE" }),
        expect(database.query(slow, [], { timeoutMs: 50_000 })).resolves.toEqual([{ one: 1 }]),
        database.withTransaction(
          async (tx) => {
            expect(await tx.query(slow, [], { timeoutMs: 30_000 })).toEqual([{ one: 1 }]);
            expect(await tx.query(setting)).toEqual([{ v: "30s" }]);
          },
          { timeoutMs: 50_000 },
        ),
      ]);
      expect(await database.query(setting)).toEqual([{ v: "4s" }]);
    });
  });

  test("at its deadline answers, cuts its connection and stops the statement on the server", async () => {
    await withDatabase({ poolMax: 1, applicationName: "deadline" }, async (database) => {
      await database.ping();
      const startMs = performance.now();
      await expect(database.query(sql("select pg_sleep(600)"), [], { timeoutMs: 200 })).rejects.toMatchObject({
        code: "UNAVAILABLE",
        extensions: { outcome: "unknown" },
      });
      // Long before the limit that holds for others, the server's included.
      expect(performance.now() - startMs).toBeLessThan(patient.statementTimeoutMs / 2);
      expect(await database.query(sql("select 1 as one"))).toEqual([{ one: 1 }]);
      const active = sql(
        "select count(*) from pg_stat_activity where application_name = 'deadline' and query like 'select pg_sleep%' and state = 'active'",
      );
      await expect.poll(() => db.database.query(active)).toEqual([{ count: 0 }]);
    });
  });

  test("runs a single statement again when it was the victim of a deadlock", async () => {
    await db.database.query(sql("create table pair (id int primary key, n int not null default 0)"));
    await db.database.query(sql("insert into pair values (1), (2)"));
    await db.database.query(
      sql(`create function touch(first int, second int) returns void language plpgsql as $$
        begin
          update pair set n = n + 1 where id = first;
          perform pg_sleep(0.15);
          update pair set n = n + 1 where id = second;
        end $$`),
    );
    await withDatabase({ lockTimeoutMs: 20_000, session: { deadlock_timeout: "50" } }, async (database) => {
      await Promise.all([database.query(sql("select touch(1, 2)")), database.query(sql("select touch(2, 1)"))]);
    });
    expect(await db.database.query(sql("select sum(n) from pair"))).toEqual([{ sum: 4 }]);
  });
});

describe("session settings", () => {
  test("are pinned on every connection, with the timeouts", async () => {
    const session = { plan_cache_mode: "force_generic_plan", jit: "off", enable_seqscan: "off" };
    await withDatabase({ session, statementTimeoutMs: 61_234, applicationName: "pinned" }, async (database) => {
      const names = ["plan_cache_mode", "jit", "enable_seqscan", "statement_timeout", "application_name", "TimeZone"];
      const rows = await database.query(sql("select current_setting(n) as v from unnest($1::text[]) n"), [names]);
      expect(rows).toEqual(["force_generic_plan", "off", "off", "61234ms", "pinned", "UTC"].map((v) => ({ v })));
    });
  });

  test("are left out altogether where a pooler would refuse them", async () => {
    await withDatabase({ session: {}, statementTimeoutMs: 61_234 }, async (database) => {
      expect(await database.query(sql("select current_setting('statement_timeout') as v"))).toEqual([{ v: "0" }]);
    });
  });
});

describe("the pool", () => {
  test("opens no more connections than allowed and hands each to those who wait, in turn", async () => {
    const order: number[] = [];
    const twelve = (database: Database) =>
      Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          await database.query(sql("select pg_sleep(0.01)"));
          order.push(index);
        }),
      );
    await withDatabase({ poolMax: 2 }, async (database) => {
      await twelve(database);
      expect(database.stats()).toEqual({ open: 2, inUse: 0, waiting: 0, max: 2 });
    });
    order.length = 0;
    await withDatabase({ poolMax: 1 }, twelve);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  test("gives up waiting for a connection in time", async () => {
    await withDatabase({ poolMax: 1, acquireTimeoutMs: 100 }, async (database) => {
      // The connection may take longer to open.
      await expect.poll(() => database.ping().catch(String)).toBeUndefined();
      await database.withTransaction(async () => {
        await expect(database.query(sql("select 1"))).rejects.toMatchObject({
          code: "UNAVAILABLE",
          message: "No connection to the database became free in time",
          retryAfterMs: expect.any(Number),
        });
      });
      expect(database.stats().waiting).toBe(0);
      await database.ping();
    });
  });

  test("bounds the number of those who wait", async () => {
    await withDatabase({ poolMax: 1, waitingMax: 2 }, async (database) => {
      const gate = Promise.withResolvers<void>();
      const holder = database.withTransaction(() => gate.promise);
      await expect.poll(() => database.stats().inUse).toBe(1);
      const waiting = [database.ping(), database.ping()];
      await expect(database.ping()).rejects.toThrow("Too many requests wait for the database");
      expect(database.stats().waiting).toBe(2);
      gate.resolve();
      await Promise.all([holder, ...waiting]);
    });
  });

  test("closes connections that nobody used for a while, and replaces old ones", async () => {
    await withDatabase({ poolMax: 3, idleTimeoutMs: 60 }, async (database) => {
      await Promise.all([database.ping(), database.ping(), database.ping()]);
      await expect.poll(() => database.stats().open).toBe(0);
      await database.ping();
    });
    await withDatabase({ poolMin: 2, poolMax: 3, idleTimeoutMs: 60 }, async (database) => {
      await Promise.all([database.ping(), database.ping(), database.ping()]);
      await expect.poll(() => database.stats().open).toBe(2);
    });
    await withDatabase({ poolMax: 1, maxLifetimeMs: 1 }, async (database) => {
      const pid = sql("select pg_backend_pid() as pid from pg_sleep(0.01)");
      const [first] = await database.query<{ pid: number }>(pid);
      const [second] = await database.query<{ pid: number }>(pid);
      expect(second!.pid).not.toBe(first!.pid);
    });
  });

  test("refuses work once it is closed, and lets what is under way end first", async () => {
    const database = createDatabase({ ...patient, url: db.url, poolMax: 2 });
    await Promise.all([database.ping(), database.ping()]);
    const running = database.query(sql("select pg_sleep(0.2), 1 as one"));
    const closing = database.close({ graceMs: 20_000 });
    await expect(database.ping()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "The database connections are closed",
    });
    expect(await running).toMatchObject([{ one: 1 }]);
    await closing;
    await database.close();
    expect(database.stats().open).toBe(0);
  });

  test("cuts what is still under way when the grace period ends, and fails who still waits", async () => {
    const database = createDatabase({ ...patient, url: db.url, poolMax: 1 });
    const running = database.query(sql("select pg_sleep(600)")).catch((error: unknown) => error);
    await expect.poll(() => database.stats().inUse).toBe(1);
    const waiting = database.ping().catch((error: unknown) => error);
    await expect.poll(() => database.stats().waiting).toBe(1);
    await database.close({ graceMs: 50 });
    expect(await running).toMatchObject({ code: "UNAVAILABLE" });
    expect(await waiting).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("closes what was being opened when it was closed", async () => {
    const database = createDatabase({ ...patient, url: db.url, poolMax: 1 });
    const waiting = database.ping().catch((error: unknown) => error);
    await database.close();
    expect(await waiting).toMatchObject({ message: "The database connections are closed" });
    expect(database.stats().open).toBe(0);
  });

  test("tells its observer about statements and waits", async () => {
    const seen: unknown[] = [];
    const observer = {
      statement: (name: string, seconds: number, ok: boolean) => seen.push([name, seconds >= 0, ok]),
      poolWait: (seconds: number) => seen.push(["wait", seconds >= 0]),
    };
    await withDatabase({ observer }, async (database) => {
      await database.query({ name: "good", text: "select 1" });
      await database.query({ name: "bad", text: "select nothing" }).catch(() => {});
      await database.withTransaction((tx) => tx.query({ name: "inside", text: "select 1" }));
    });
    expect(seen).toEqual([
      ["wait", true],
      ["good", true, true],
      ["wait", true],
      ["bad", true, false],
      ["wait", true],
      ["inside", true, true],
      ["transaction", true, true],
    ]);
  });
});

describe("a server that is not there", () => {
  test("is reported at once as unavailable, without its name, and found again when it is back", async () => {
    await withDatabase({ url: "postgres://nobody@127.0.0.1:1/none" }, async (database) => {
      const error = await database.ping().catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: "UNAVAILABLE",
        message: "The database could not be reached",
        cause: { code: "ECONNREFUSED" },
      });
      expect(await Promise.allSettled([database.ping(), database.ping()])).toMatchObject([
        { status: "rejected" },
        { status: "rejected" },
      ]);
    });
  });

  test("and a wrong password or database are reported as unavailable too", async () => {
    const wrong = new URL(db.url);
    wrong.pathname = "/no_such_database";
    await withDatabase({ url: wrong.href }, async (database) => {
      await expect(database.ping()).rejects.toMatchObject({ code: "UNAVAILABLE", cause: { code: "3D000" } });
    });
  });

  test("while other connections live, who waits gets one of theirs", async () => {
    await db.database.query(sql("create role few login password 'few' connection limit 1"));
    const url = new URL(db.url);
    url.username = "few";
    url.password = "few";
    await withDatabase({ url: url.href, poolMax: 5 }, async (database) => {
      await database.ping();
      await Promise.all(Array.from({ length: 5 }, () => database.query(sql("select pg_sleep(0.02)"))));
    });
    await expect
      .poll(() => db.database.query(sql("select usename from pg_stat_activity where usename = 'few'")))
      .toEqual([]);
    await db.database.query(sql("drop role few"));
  });
});

describe("drizzle", () => {
  test("runs its queries through this door, in a transaction too, and refuses transactions of its own", async () => {
    const { sql: raw } = await import("drizzle-orm");
    const { bigint, boolean, integer, jsonb, pgTable, text, timestamp } = await import("drizzle-orm/pg-core");
    const thing = pgTable("thing", {
      id: integer().primaryKey(),
      big: bigint({ mode: "bigint" }),
      on: boolean(),
      at: timestamp({ withTimezone: true }),
      atText: timestamp({ withTimezone: true, mode: "string" }),
      json: jsonb(),
      tags: text().array(),
    });
    await db.database.query(
      sql(
        `create table thing (id int primary key, big bigint, "on" boolean, at timestamptz, "atText" timestamptz, json jsonb, tags text[])`,
      ),
    );
    const at = new Date(1_700_000_000_123);
    const row = {
      id: 1,
      big: 2n ** 60n,
      on: true,
      at,
      atText: "2026-01-02 03:04:05+00",
      json: { a: ["5"] },
      tags: ["x,y", 'q"'],
    };
    await db.database.drizzle.insert(thing).values(row);
    expect(await db.database.drizzle.select().from(thing)).toEqual([row]);
    await db.database
      .withTransaction(async (tx) => {
        await drizzleOf(tx).insert(thing).values({ id: 2 });
        expect(await drizzleOf(tx).select({ id: thing.id }).from(thing)).toEqual([{ id: 1 }, { id: 2 }]);
        throw new Error("undo");
      })
      .catch(() => {});
    expect(await db.database.drizzle.execute(raw`select count(*), null from thing`)).toEqual([[1, null]]);
    await expect(db.database.drizzle.transaction(async () => {})).rejects.toThrow("not supported");
    expect(() => drizzleOf({ query: async () => [] })).toThrow("Drizzle needs an executor");
  });
});

describe("connect", () => {
  test("gives a session that keeps its state and takes scripts of several statements", async () => {
    const session = await db.database.connect();
    await session.exec("create temp table mine (id int); insert into mine values (1), (2)");
    expect(await session.query(sql("select count(*) from mine where id > $1"), [1])).toEqual([{ count: 1 }]);
    await expect(session.exec("select 1; select no_such_column")).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(session.exec("select pg_sleep(30)", { timeoutMs: 100 })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    await expect(session.query(sql("select 1"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await session.close();
    await expect(createDatabase({ url: "postgres://nobody@127.0.0.1:1/none" }).connect()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      extensions: {},
    });
  });
});
