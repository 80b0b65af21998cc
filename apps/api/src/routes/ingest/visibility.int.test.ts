import { expect, test, vi } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { makeTable } from "../../testing/make-table.ts";

const { api, key } = await apiOfFile({ lake: true });
await makeTable(api, { name: "clicks", columns: { n: "int64" } });

const record = (idempotencyKey: string) => ({ idempotencyKey, payload: { n: 1 } });
const post = (records: readonly object[], more: object = {}) =>
  api.ask("POST /v1/ingest/clicks", { key, body: { records, waitForVisibility: true, ...more } });

test("an answer that waits is 200 with the snapshot, once all of it can be queried", async () => {
  const first = await post([record("a"), record("b")], { visibilityTimeoutMs: 30_000 });
  expect([first.status, first.json]).toEqual([
    200,
    expect.objectContaining({ status: "visible", snapshotId: expect.any(Number), acceptedCount: 2 }),
  ]);
  const upload = await api.ask("POST /v1/ingest/clicks?waitForVisibility=true&visibilityTimeoutMs=30000", {
    key,
    headers: { "content-type": "application/x-ndjson" },
    body: JSON.stringify(record("a")),
  });
  expect([upload.status, upload.json]).toEqual([
    200,
    expect.objectContaining({ duplicateCount: 1, status: "visible" }),
  ]);
  expect((await api.ask("GET /v1/lag", { key })).json).toMatchObject({
    head: 2,
    watermark: 2,
    pendingEvents: 0,
    tables: [{ pendingEvents: 0, oldestPendingAgeMs: null, watermark: 2, publishedAt: expect.any(String) }],
  });
});

test("what waits is told of each table that the key may see", async () => {
  await makeTable(api, { name: "views", columns: { n: "int64" } });
  await api.materialiser.stop();
  await api.ask("POST /v1/ingest/clicks", { key, body: { records: [record("x"), record("y")] } });
  const lag = await api.ask("GET /v1/lag", { key });
  expect(lag.json["tables"]).toEqual([
    expect.objectContaining({ table: "clicks", pendingEvents: 2, oldestPendingAgeMs: expect.any(Number) }),
    expect.objectContaining({ table: "views", pendingEvents: 0, oldestPendingAgeMs: null }),
  ]);
  const bound = await api.makeKey({ tables: ["views"] });
  expect((await api.ask("GET /v1/lag", { key: bound.key })).json["tables"]).toMatchObject([{ table: "views" }]);
  await api.materialiser.start();
  await vi.waitFor(async () => expect((await api.ask("GET /v1/lag", { key })).json["pendingEvents"]).toBe(0));
});

test("an answer that waits holds no memory for the records that it has published", async () => {
  await api.materialiser.stop();
  const { memory } = api.composition.ingestDesk!;
  const waiting = post([record("held")], { visibilityTimeoutMs: 30_000 });
  await vi.waitFor(async () => expect((await api.ask("GET /v1/lag", { key })).json["pendingEvents"]).toBe(1));
  await vi.waitFor(() => expect(memory.bytes()).toBe(0));
  await api.materialiser.start();
  expect((await waiting).json["status"]).toBe("visible");
});

test("it is 202 when the time is over, and where there is nothing to wait for", async () => {
  await api.materialiser.stop();
  const late = await post([record("c")], { visibilityTimeoutMs: 0 });
  expect([late.status, late.json["status"], late.json["acceptedCount"]]).toEqual([202, "accepted", 1]);
  const refused = await post([{}]);
  expect([refused.status, refused.json["status"]]).toEqual([202, "rejected"]);
});
