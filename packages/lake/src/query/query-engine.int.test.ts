import { readdir } from "node:fs/promises";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type Column, MillraceError } from "@millrace/contract";

import { createQueryEngine } from "./create-query-engine.ts";
import type { QueryTable } from "./query-table.ts";
import type { QueryEngine, QueryInput, QueryResult } from "./query-types.ts";
import { createLakeFolder, type LakeFolder } from "./testing/lake-folder.ts";

const columns: readonly Column[] = [
  { fieldId: 1, name: "id", type: "int64", nullable: false },
  { fieldId: 2, name: "name", type: "varchar", nullable: true },
  { fieldId: 3, name: "ts", type: "timestamp", nullable: true },
];

let folder: LakeFolder;
let engine: QueryEngine;
let tables: readonly QueryTable[];

beforeAll(async () => {
  folder = await createLakeFolder();
  const row = "select range, 'name ' || range, timestamptz '2026-01-01 00:00:00Z' + to_seconds(range::bigint)";
  const first = await folder.write("1.parquet", columns, `${row} from range(1000)`);
  const second = await folder.write("2.parquet", columns, `${row} from range(1000, 2000)`, { firstOffset: 1_001 });
  tables = [
    {
      name: "events",
      columns,
      primaryKey: [],
      files: [
        { localPath: first, version: 1 },
        { localPath: second, version: 1 },
      ],
    },
    { name: "empty", columns, primaryKey: [], files: [] },
    { schema: "system", name: "jobs", columns, primaryKey: [], files: [{ localPath: first, version: 1 }] },
  ];
  engine = createQueryEngine({
    children: 2,
    threads: 1,
    memoryBytes: 256 << 20,
    timeoutMsMax: 20_000,
    resultBytesMax: 20_000_000,
    spoolDir: folder.dir,
  });
  await engine.ready();
});
afterAll(async () => {
  await engine.close();
  await folder.remove();
});

function run(sql: string, input: Partial<QueryInput> = {}): Promise<QueryResult> {
  return engine.run({
    tables,
    sql,
    timeoutMs: 10_000,
    rowLimit: 1_000,
    bytesMax: 10_000_000,
    format: "json",
    ...input,
  });
}

async function rows(sql: string, input: Partial<QueryInput> = {}): Promise<unknown> {
  return JSON.parse(await text((await run(sql, input)).body)) as unknown;
}

describe("tables", () => {
  it("shows the rows of all files with the system's columns", async () => {
    expect(await rows("select count(*), min(_offset), max(_offset), any_value(_op) from events")).toEqual([
      [2_000, 1, 2_000, "insert"],
    ]);
  });

  it("gives an empty table its columns", async () => {
    const result = await run("select * from empty");
    expect(await text(result.body)).toBe("[]");
    expect(result.columns).toEqual([
      { name: "id", type: "int64" },
      { name: "name", type: "varchar" },
      { name: "ts", type: "timestamp" },
      { name: "_offset", type: "int64" },
      { name: "_ingested_at", type: "timestamp" },
      { name: "_event_time", type: "timestamp" },
      { name: "_key", type: "varchar" },
      { name: "_op", type: "varchar" },
    ]);
  });

  it("has tables of the system by their schema, however it is written, and not without it", async () => {
    expect(await rows("select count(*) from system.jobs")).toEqual([[1_000]]);
    expect(await rows(`select '€', count(*) from "SYSTEM" . "jobs" as j, main.Events e where j.id = e.id;`)).toEqual([
      ["€", 1_000],
    ]);
    await expect(run("select * from jobs")).rejects.toMatchObject({ code: "QUERY_INVALID" });
    await expect(run("select * from system.events")).rejects.toMatchObject({ code: "QUERY_INVALID" });
  });

  it("keeps the order that the query asked for", async () => {
    expect(await rows("select id from events order by id desc limit 3")).toEqual([[1_999], [1_998], [1_997]]);
  });

  it("lets names of WITH shadow tables, nest, and recur", async () => {
    expect(await rows("with events as (select 1 as id) select * from events")).toEqual([[1]]);
    expect(await rows("with events as (select id from events where id < 2) select sum(id) from events")).toEqual([[1]]);
    expect(
      await rows("with recursive r(n) as (select 1 union all select n + 1 from r where n < 4) select sum(n) from r"),
    ).toEqual([[10]]);
  });

  it("takes the forms of a SELECT that people use", async () => {
    for (const sql of [
      "from events limit 1",
      "table events",
      "describe events",
      "summarize select id from events",
      "select * exclude (name) replace (id + 1 as id) from events",
      "select columns('i.*') from events",
      "pivot (select id % 2 as k, id from events) on k in (0, 1) using sum(id)",
      "unpivot (select id, _offset from events) on id, _offset into name n value v",
      "select id, row_number() over (partition by id % 3 order by ts) from events qualify row_number() over (order by id) < 4",
      "select date_trunc('hour', ts), count(*), approx_quantile(id, 0.95), arg_max(name, id) from events group by all order by 1",
      "select list_transform([1, 2], lambda x: x + 1), [y * 2 for y in [1, 2] if y > 1], {'a': 1}.a, map {'k': 1}['k']",
      "select * from events e, lateral (select e.id + 1) l, unnest([1, 2]) u, generate_series(1, 2) g limit 5",
      "select name like 'n%', name ~ 'n', name similar to 'n.*', id between 1 and 2, id in (1, 2), name is null from events",
      "select cast(id as varchar), try_cast(name as int), ts at time zone 'Europe/Berlin', extract(hour from ts) from events",
      "select * from events a join events b using (id) left join empty c on a.id = c.id asof join events d on a.ts >= d.ts",
      "select id from events union select 1 except select 2 intersect select 3",
      "select count(*) filter (where id > 1), sum(distinct id), string_agg(name, ',' order by id) from events",
      "select grouping(id % 2), count(*) from events group by rollup (id % 2)",
      "select current_date, now(), interval 1 day, date '2026-01-01', json_extract('{\"a\": 1}', '$.a'), '{\"a\": 1}'::json ->> 'a'",
      "select * from events tablesample 10%",
      "select coalesce(null, 1), nullif(1, 1), if(true, 1, 2), greatest(1, 2), case id when 1 then 2 end from events",
      "select 1::decimal(10, 2), [1]::int[], {'a': 1}::struct(a bigint), 'x'::varchar collate nocase, md5('x')",
    ]) {
      const answer = await run(sql).then(({ body }) => text(body), String);
      expect(`${sql}: ${answer}`).toContain(`${sql}: [`);
    }
  });
});

describe("limits", () => {
  it("says whether rows were left out, exactly", async () => {
    for (const format of ["json", "ndjson", "csv", "parquet"] as const) {
      expect(await run("select * from range(10)", { rowLimit: 10, format })).toMatchObject({
        rowCount: 10,
        truncated: false,
      });
      expect(await run("select * from range(11)", { rowLimit: 10, format })).toMatchObject({
        rowCount: 10,
        truncated: true,
      });
      expect(await run("select * from range(100000)", { rowLimit: 10, format })).toMatchObject({
        rowCount: 10,
        truncated: true,
      });
    }
  });

  it("refuses a result with too many bytes, by the query's limit and by the process's own", async () => {
    const wide = "select repeat('x', 1000) from range(40000)";
    await expect(run(wide, { rowLimit: 5_000, bytesMax: 1_000_000 })).rejects.toMatchObject({
      code: "RESULT_TOO_LARGE",
    });
    await expect(run(wide, { rowLimit: 1e6, bytesMax: 1e12 })).rejects.toMatchObject({ code: "RESULT_TOO_LARGE" });
  }, 30_000);

  it("refuses a statement whose tree is larger than it looks", async () => {
    const columnsOf = (count: number): string => Array.from({ length: count }, (_, index) => `c${index}`).join(", ");
    const cube = (count: number): string =>
      `select count(*) from (select ${columnsOf(count).replaceAll(/c\d+/g, "1 as $&")}) group by cube (${columnsOf(count)})`;
    expect(await rows(cube(4))).toHaveLength(16);
    await expect(run(cube(15))).rejects.toThrow("A query is grouped in at most 1024 sets at once.");
    const flat = run(`select ${Array.from({ length: 49_000 }, () => "1").join(",")}`);
    await expect(flat).rejects.toMatchObject({ code: "QUERY_INVALID", message: "The query is too complex." });
  });

  it("knows names of WITH where they are seen only, also when a name is given twice", async () => {
    const twice = "with a as (select 1 as id) select id, (with a as (select 2 as id) select id from a) from a";
    expect(await rows(twice)).toEqual([[1, 2]]);
    await expect(run("select (with b as (select 1 as id) select id from b), id from b")).rejects.toThrow("no table");
    await expect(run("(with b as (select 1) select 1) union all select id from b")).rejects.toThrow("no table");
  });

  it("looks aggregates up by no other text than one that stands there and names an allowed one", async () => {
    expect(await rows("select list_aggregate([1, 2], 'SUM'), [1, 2].aggregate('max'), list_sum([3])")).toEqual([
      [3, 2, 3],
    ]);
    for (const sql of [
      "select list_aggregate([1], 'no_such')",
      "select list_aggr([1], 'su' || 'm')",
      "select array_aggr([1], name) from events",
      "select array_aggregate([1], $1)",
      "select [1].aggregate(null)",
      "select aggregate([1])",
      "select aggregate(name := 'sum', [1])",
    ]) {
      const params = sql.includes("$1") ? ["sum"] : [];
      const error = await run(sql, { params }).catch((reason: unknown) => reason);
      expect(`${sql}: ${(error as MillraceError).code}`).toBe(`${sql}: QUERY_FORBIDDEN`);
    }
  });

  it("ends a query at its time, and the next one runs", async () => {
    await expect(run("select count(*) from range(1000000000000)", { timeoutMs: 300 })).rejects.toMatchObject({
      code: "QUERY_TIMEOUT",
    });
    expect(await rows("select 1")).toEqual([[1]]);
  });

  it("opens the tables that a query names and no others, and runs nothing when its caller has gone meanwhile", async () => {
    const open = vi.fn<(used: readonly QueryTable[]) => Promise<readonly QueryTable[]>>((used) =>
      Promise.resolve(used),
    );
    expect(await rows("select count(*) from events", { open })).toEqual([[2_000]]);
    expect(open.mock.calls.map(([used]) => used.map(({ name }) => name))).toEqual([["events"]]);
    await expect(run("select * from nowhere", { open })).rejects.toMatchObject({ code: "QUERY_INVALID" });
    expect(open).toHaveBeenCalledTimes(1);

    const opened = Promise.withResolvers<readonly QueryTable[]>();
    const called = Promise.withResolvers<void>();
    const gone = new AbortController();
    const slow = run("select * from events", {
      signal: gone.signal,
      open: () => {
        called.resolve();
        return opened.promise;
      },
    });
    await called.promise;
    gone.abort(new Error("client went away"));
    await expect(slow).rejects.toThrow("client went away");
    opened.resolve(tables);
    await vi.waitFor(() => expect(engine.stats()).toMatchObject({ busy: 0, idle: 2 }));
  });

  it("holds no process while tables are opened, and waits for them no longer than the query may take", async () => {
    const never = new Promise<never>(() => undefined);
    const signals: AbortSignal[] = [];
    const open: QueryInput["open"] = (_used, signal) => {
      signals.push(signal);
      return never;
    };
    const stuck = [1, 2, 3].map(() =>
      run("select * from events", { open, timeoutMs: 8_000 }).catch((error: unknown) => error),
    );
    await vi.waitFor(() => expect(signals).toHaveLength(3));
    expect(engine.stats()).toMatchObject({ busy: 0, waiting: 0 });
    expect(await rows("select 1")).toEqual([[1]]);
    expect(await Promise.all(stuck)).toMatchObject([1, 2, 3].map(() => ({ code: "QUERY_TIMEOUT" })));
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    const down: QueryInput["open"] = () => Promise.reject(new MillraceError("UNAVAILABLE", "The store is down."));
    await expect(run("select * from events", { open: down })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("frees the process of a query whose caller went away", async () => {
    const gone = new AbortController();
    const endless = run("select count(*) from range(1000000000000)", { signal: gone.signal });
    await vi.waitFor(() => expect(engine.stats().busy).toBe(1));
    gone.abort(new Error("client went away"));
    await expect(endless).rejects.toThrow("client went away");
    await vi.waitFor(() => expect(engine.stats()).toMatchObject({ busy: 0, idle: 2 }));
  });

  it("runs many at once, lets some wait and refuses more than that", async () => {
    const small = createQueryEngine({
      children: 1,
      threads: 1,
      memoryBytes: 256 << 20,
      timeoutMsMax: 20_000,
      waitingMax: 2,
    });
    await small.ready();
    const input = { tables, timeoutMs: 10_000, rowLimit: 10, bytesMax: 1e6, format: "json" } as const;
    const all = await Promise.allSettled([1, 2, 3, 4].map((value) => small.run({ ...input, sql: `select ${value}` })));
    expect(all.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"]);
    expect(all[3]).toMatchObject({ reason: { code: "RATE_LIMITED", retryAfterMs: 1_000 } });
    const waiting = small.run({ ...input, sql: "select count(*) from range(1000000000000)" });
    const closed = waiting.catch((error: unknown) => error);
    await small.close();
    expect(await closed).toMatchObject({ code: "UNAVAILABLE" });
  });

  it("leaves no result behind, read or not", async () => {
    await text((await run("select 1")).body);
    (await run("select repeat('x', 1000) from range(1000)")).body.destroy();
    await run("select nope").catch(() => undefined);
    const spool = (await readdir(folder.dir)).find((name) => name.startsWith("millrace-query-")) ?? "";
    expect(await readdir(`${folder.dir}/${spool}`)).toEqual([]);
  });
});

describe("errors", () => {
  it("says where a statement is wrong, in the user's own text", async () => {
    await expect(run("select '€', nope\nfrom events")).rejects.toMatchObject({
      code: "QUERY_INVALID",
      extensions: { position: { offset: 12, line: 1, column: 13 } },
    });
    await expect(run("select 1\nfrm events x y")).rejects.toMatchObject({ extensions: { position: { line: 2 } } });
    await expect(run("select 'x'::int from events")).rejects.toMatchObject({ code: "QUERY_INVALID" });
    await expect(run("select * from other")).rejects.toThrow('Line 1, column 15: There is no table "other".');
    await expect(run("")).rejects.toThrow("There is no statement.");
    await expect(run("select 1; select 2")).rejects.toThrow("A query is one statement.");
    await expect(run("select '\ud800'")).rejects.toMatchObject({ code: "QUERY_INVALID" });
    await expect(run("select 1".padEnd(200_000))).rejects.toMatchObject({ code: "QUERY_INVALID" });
  });

  it("never tells where files lie, also when one is gone", async () => {
    const lost = [
      { name: "lost", columns, primaryKey: [], files: [{ localPath: `${folder.dir}/gone.parquet`, version: 1 }] },
    ];
    const error: unknown = await run("select * from lost", { tables: lost }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "UNAVAILABLE" });
    expect(String(error)).not.toContain(folder.dir);
  });
});

describe("parameters", () => {
  it("binds by position and by name, with lists, texts that are times, and integers of 64 bits", async () => {
    expect(
      await rows("select id from events where id = $1 or name = $2 order by id", {
        params: [7, "name 9"],
      }),
    ).toEqual([[7], [9]]);
    expect(
      await rows("select count(*) from events where ts >= $since and list_contains($ids, id)", {
        params: { since: "2026-01-01T00:00:10Z", ids: [9, 10, 11] },
      }),
    ).toEqual([[2]]);
    expect(
      await rows("select $1 + 0, typeof($1), $2, typeof($3), typeof($4)", {
        params: [9_007_199_254_740_993n, null, [1, 2.5], 1.5],
      }),
    ).toEqual([["9007199254740993", "BIGINT", null, "DOUBLE[]", "DOUBLE"]]);
    expect(
      await rows("select id from events where id in (select unnest($1)) order by 1 limit $2", {
        params: [[3, 4, 5], 2],
      }),
    ).toEqual([[3], [4]]);
  });

  it("refuses lists of mixed kinds and parameters without a value", async () => {
    await expect(run("select $1", { params: [[1, "x"]] })).rejects.toMatchObject({ code: "QUERY_INVALID" });
    await expect(run("select $1")).rejects.toMatchObject({ code: "QUERY_INVALID" });
    await expect(run("select $a", { params: { b: 1 } })).rejects.toMatchObject({ code: "QUERY_INVALID" });
    await expect(run("select 1", { params: [1] })).rejects.toThrow("The statement has no parameter $1.");
  });

  it("a parameter can't become SQL", async () => {
    expect(await rows("select $1", { params: ["'); select * from read_text('/etc/passwd'); --"] })).toEqual([
      ["'); select * from read_text('/etc/passwd'); --"],
    ]);
  });
});
