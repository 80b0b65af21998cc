import { describe, expect, test } from "vitest";

import { type CreateTableRequest, MillraceApiError, type MillraceClient } from "@millrace/client";

import { openStage } from "./testing/stage.ts";
import { startEvents } from "./testing/start-events.ts";

/** However long a busy machine takes: these tests are about what is seen, not about when. */
const consistencyTimeoutMs = 60_000;

const clicks: CreateTableRequest = {
  name: "clicks",
  columns: [
    { name: "id", type: "int64" },
    { name: "page", type: "varchar" },
    { name: "price", type: "decimal(12,2)" },
  ],
};

const click = (id: number, page = "/") => ({
  idempotencyKey: `click-${id}`,
  payload: { id, page, price: "1.10" },
});

async function rows(client: MillraceClient, sql: string, minVisibilityToken?: string) {
  const waiting = minVisibilityToken === undefined ? {} : { minVisibilityToken, consistencyTimeoutMs };
  return (await client.query(sql, waiting)).all();
}

async function refusal(call: Promise<unknown>) {
  const error: unknown = await call.then(
    () => new Error("It was allowed."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MillraceApiError)) throw error;
  return { status: error.status, code: error.code };
}

describe("events", () => {
  test("can be queried with the token of their ingest in the next line, once each however often they are sent", async (context) => {
    const { api, startWorker } = await startEvents(await openStage(context));
    await startWorker("worker-1");
    const client = api.client();
    await client.tables.create(clicks);
    const records = Array.from({ length: 500 }, (_, id) => click(id));

    const first = await client.ingest("clicks", [...records, { idempotencyKey: "bad", payload: { id: "x" } }]);
    expect(first).toMatchObject({ acceptedCount: 500, rejectedCount: 1, errors: [{ index: 500, path: "payload.id" }] });
    const again = await client.ingest("clicks", records);
    expect(again).toMatchObject({ acceptedCount: 0, duplicateCount: 500 });
    const sum = "select count(*)::int as n, sum(price)::varchar as paid from clicks";
    expect(await rows(client, sum, again.visibilityToken!)).toEqual([{ n: 500, paid: "550.00" }]);

    const visible = await client.ingest("clicks", [click(500)], {
      waitForVisibility: true,
      visibilityTimeoutMs: 60_000,
    });
    expect(visible.status).toBe("visible");
    expect(await rows(client, sum)).toEqual([{ n: 501, paid: "551.10" }]);
    const before = await client.query(sum, { snapshotId: visible.snapshotId! - 1 });
    expect(await before.all()).toEqual([{ n: 500, paid: "550.00" }]);
  });

  test("wait for a worker, and are seen after one that was killed when they came", async (context) => {
    const { api, startWorker } = await startEvents(await openStage(context));
    const worker = await startWorker("worker-1");
    const client = api.client();
    await client.tables.create(clicks);
    const { visibilityToken: seen } = await client.ingest("clicks", [click(1)]);
    expect(await rows(client, "select id from clicks", seen!)).toEqual([{ id: 1 }]);

    const sending = client.ingest("clicks", [click(2)]);
    worker.signal("SIGKILL");
    const { visibilityToken } = await sending;
    await worker.exited;
    const { visibilityToken: later } = await client.ingest("clicks", [click(3)]);
    const tooEarly = client.query("select id from clicks", { minVisibilityToken: later!, consistencyTimeoutMs: 100 });
    expect(await refusal(tooEarly)).toEqual({ status: 504, code: "CONSISTENCY_TIMEOUT" });

    const waiting = rows(client, "select id from clicks order by id", visibilityToken!);
    await startWorker("worker-2");
    expect((await waiting).slice(0, 2)).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await rows(client, "select id from clicks order by id", later!)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  test("show the newest row of a key, in a table that has one", async (context) => {
    const { api, startWorker } = await startEvents(await openStage(context));
    await startWorker("worker-1");
    const client = api.client();
    await client.tables.create({ ...clicks, primaryKey: ["id"] });
    await client.ingest("clicks", [click(1), click(2)]);
    const { visibilityToken } = await client.ingest("clicks", [
      { idempotencyKey: "change", payload: { id: 1, page: "/new" } },
      { idempotencyKey: "gone", op: "delete", payload: { id: 2 } },
    ]);
    expect(await rows(client, "select id, page from clicks", visibilityToken!)).toEqual([{ id: 1, page: "/new" }]);
  });

  test("are their tenant's alone: another has neither the table, nor the rows, nor the token", async (context) => {
    const { api, startWorker } = await startEvents(await openStage(context));
    await startWorker("worker-1");
    const alpha = api.client();
    const beta = api.client({ apiKey: "beta-key" });
    await alpha.tables.create(clicks);
    const { visibilityToken: ofAlpha } = await alpha.ingest("clicks", [click(1, "/secret")]);
    expect(await rows(alpha, "select page from clicks", ofAlpha!)).toEqual([{ page: "/secret" }]);

    expect(await refusal(beta.query("select * from clicks"))).toEqual({ status: 400, code: "QUERY_INVALID" });
    expect(await refusal(beta.tables.get("clicks"))).toEqual({ status: 404, code: "TABLE_NOT_FOUND" });
    expect(await refusal(beta.ingest("clicks", [click(9)]))).toEqual({ status: 404, code: "TABLE_NOT_FOUND" });
    expect(await refusal(beta.query("select 1", { minVisibilityToken: ofAlpha! }))).toEqual({
      status: 403,
      code: "TOKEN_SCOPE_MISMATCH",
    });

    // The same name and the same keys are Beta's own.
    await beta.tables.create(clicks);
    const { acceptedCount, visibilityToken: ofBeta } = await beta.ingest("clicks", [
      click(1, "/own"),
      click(2, "/own"),
    ]);
    expect(acceptedCount).toBe(2);
    const pages = "select page, count(*)::int as n from clicks group by page";
    expect(await rows(beta, pages, ofBeta!)).toEqual([{ page: "/own", n: 2 }]);
    expect(await rows(alpha, pages)).toEqual([{ page: "/secret", n: 1 }]);
  });
});
