import { describe, expect, onTestFinished, test } from "vitest";

import type { NewEvent, PublishOutcome } from "@millrace/bus";
import type { EventTable } from "@millrace/storage";
import { recordSpans } from "@millrace/telemetry/testing";

import { compileRecordValidator } from "../tables/records/record-validator.ts";
import type { IngestCtx, IngestTarget } from "./context.ts";
import { createCpuTurns } from "./cpu-turns.ts";
import type { SentChunk, SentRecord } from "./ingest-records.ts";
import { ingestStream } from "./ingest-stream.ts";

function targetOf(tableId: number, version = 1, names: readonly string[] = ["n"]): IngestTarget {
  const table: EventTable = {
    tableId,
    tenantId: "acme",
    tenantNo: 1,
    name: "clicks",
    version,
    columns: names.map((name, at) => ({ fieldId: at + 1, name, type: "int64" as const, nullable: true })),
    schemaMode: "strict",
    primaryKey: [],
    sortBy: [],
    partitionBy: [],
    retentionDays: undefined,
    nextFieldId: 10,
    system: false,
    createdAt: new Date(0),
    updatedAt: new Date(0),
  };
  return { table, validator: compileRecordValidator(table) };
}

type Publish = (tenantNo: number, events: readonly NewEvent[]) => Promise<readonly PublishOutcome[]>;

/** A context over a table that the test may change at any time, and a desk of its own. */
function ctxOf(publish: Publish, now: () => IngestTarget | undefined): IngestCtx {
  const limits = { recordBytesMax: 1_000_000 } as IngestCtx["desk"]["limits"];
  return {
    actor: { tenantId: "acme", scopes: ["events:write"] },
    tables: { find: async () => now(), evolve: async (target) => target },
    desk: { limits, turns: createCpuTurns(), admit: async () => undefined, publish } as unknown as IngestCtx["desk"],
  };
}

const chunkOfRecords = (records: readonly SentRecord[]): SentChunk => ({ records, release: () => undefined });
const chunkOf = (first: number, count: number): SentChunk =>
  chunkOfRecords(
    Array.from({ length: count }, (_, at) => ({
      index: first + at,
      record: { idempotencyKey: `k${first + at}`, payload: { n: first + at } },
    })),
  );

describe("an upload", () => {
  test("is published in the order of its lines, however long each part takes", async () => {
    let offset = 0;
    const keys: string[] = [];
    // The first parts take the longest: what is under way at the same time would overtake them.
    let turns = 8;
    const ctx = ctxOf(
      async (_tenantNo, events) => {
        for (let turn = (turns -= 2); turn > 0; turn--) await new Promise(setImmediate);
        keys.push(...events.map(({ key }) => key));
        return events.map(() => ({ outcome: "accepted", offset: ++offset }));
      },
      () => targetOf(1),
    );
    async function* chunks() {
      for (let nth = 0; nth < 4; nth++) yield chunkOf(nth * 3, 3);
    }
    const answer = await ingestStream(ctx, { table: "clicks", chunks });
    expect(answer.acceptedCount).toBe(12);
    expect(keys).toEqual(Array.from({ length: 12 }, (_, n) => `k${n}`));
  });

  const accept: Publish = async (_tenantNo, events) => events.map((_, at) => ({ outcome: "accepted", offset: at + 1 }));

  test("is checked against the table as it is when a part has arrived", async () => {
    let now = targetOf(1);
    async function* chunks() {
      yield chunkOf(0, 1);
      now = targetOf(1, 2, ["n", "added"]);
      yield chunkOfRecords([{ index: 1, record: { idempotencyKey: "late", payload: { added: 1 } } }]);
    }
    const answer = await ingestStream(
      ctxOf(accept, () => now),
      { table: "clicks", chunks },
    );
    expect(answer).toMatchObject({ acceptedCount: 2, rejectedCount: 0 });
  });

  test.each([
    ["dropped", undefined],
    ["dropped and made anew", targetOf(2)],
  ])("ends with its counts when its table is %s", async (_what, after) => {
    let now: IngestTarget | undefined = targetOf(1);
    const tableIds: number[] = [];
    const ctx = ctxOf(
      (tenantNo, events) => {
        tableIds.push(...events.map(({ tableId }) => tableId));
        return accept(tenantNo, events);
      },
      () => now,
    );
    async function* chunks() {
      yield chunkOf(0, 2);
      now = after;
      yield chunkOf(2, 2);
    }
    await expect(ingestStream(ctx, { table: "clicks", chunks })).rejects.toMatchObject({
      code: "TABLE_NOT_FOUND",
      extensions: { acceptedCount: 2 },
    });
    expect(tableIds).toEqual([1, 1]);
  });

  test("ends when thousands of lines in a row are refused, and not where some between them are in order", async () => {
    const broken = (first: number) =>
      chunkOfRecords(Array.from({ length: 1_000 }, (_, at) => ({ index: first + at, record: "x" })));
    let read = 0;
    async function* nothing() {
      yield chunkOf(0, 2);
      for (;;) yield broken((read += 1_000));
    }
    const ctx = ctxOf(accept, () => targetOf(1));
    await expect(ingestStream(ctx, { table: "clicks", chunks: nothing })).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      extensions: { acceptedCount: 2, rejectedCount: 10_000 },
    });
    async function* mixed() {
      for (let nth = 0; nth < 15; nth++) yield nth % 5 === 0 ? chunkOf(nth * 1_000, 1) : broken(nth * 1_000);
    }
    expect(await ingestStream(ctx, { table: "clicks", chunks: mixed })).toMatchObject({ rejectedCount: 12_000 });
  });

  test("gives back what it holds of a part once that is published", async () => {
    const released: string[] = [];
    const publishedFirst = Promise.withResolvers<void>();
    const ctx = ctxOf(
      async (tenantNo, events) => {
        if (events[0]?.key === "k0") await publishedFirst.promise;
        return accept(tenantNo, events);
      },
      () => targetOf(1),
    );
    const holding = (first: number): SentChunk => ({
      ...chunkOf(first, 1),
      release: () => void released.push(`k${first}`),
    });
    async function* chunks() {
      yield holding(0);
      expect(released).toEqual([]);
      publishedFirst.resolve();
      yield holding(1);
      expect(released).toEqual(["k0"]);
    }
    await ingestStream(ctx, { table: "clicks", chunks });
    expect(released).toEqual(["k0", "k1"]);
  });

  test("has spans for its first parts only: it may go on for ever, and a trace may not", async () => {
    const recorder = recordSpans();
    onTestFinished(() => recorder.close());
    async function* chunks() {
      for (let nth = 0; nth < 70; nth++) yield chunkOf(nth, 1);
    }
    const ctx = ctxOf(accept, () => targetOf(1));
    expect(await ingestStream(ctx, { table: "clicks", chunks })).toMatchObject({ acceptedCount: 70 });
    expect(recorder.named("send clicks")).toHaveLength(64);
  });
});
