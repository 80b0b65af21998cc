import { type RecordErrorCode, isMillraceError } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { createFieldFitter } from "../tables/fit-new-fields.ts";
import type { IngestCtx, IngestTarget } from "./context.ts";
import { inPublishSpan } from "./in-publish-span.ts";
import { type ReadRecord, readRecord } from "./read-record.ts";
import { type Tally, type TallyPart, tallyPart } from "./tally.ts";

/** A record of a request with its place in it. */
export interface SentRecord {
  readonly index: number;
  /** As it was sent; what is wrong with it where not even that can be told. */
  readonly record: unknown;
  /** Its key where it has none in itself. */
  readonly key?: string | undefined;
  readonly fault?: { readonly code: RecordErrorCode; readonly path: string; readonly message: string } | undefined;
}

/** Records of an upload that go on together. */
export interface SentChunk {
  readonly records: readonly SentRecord[];
  /** Called once they are published, and held no more. */
  release(): void;
}

interface Passed extends Extract<ReadRecord, { ok: true }> {
  readonly sent: SentRecord;
}

export interface IngestRecordsOptions {
  readonly atomic?: boolean | undefined;
  readonly tally: Tally;
}

/** Others get a turn of the event loop after so long: records are of any size. */
const turnMs = 1;

/** Records that were checked, before any of them is published. */
export interface CheckedRecords {
  /** The table as it is now: it may have grown. */
  readonly target: IngestTarget;
  /** How many are in order. */
  readonly passedCount: number;
  /**
   * Publishes those that are in order, once; what becomes of each goes into the tally. Has no span where `traced` is false.
   * @throws UNAVAILABLE, and what was published may or may not be there
   */
  publish(options?: { readonly traced?: boolean }): Promise<void>;
}

/** Checks records and publishes those that are in order. @throws UNAVAILABLE, and what was published may or may not be there */
export async function ingestRecords(
  ctx: IngestCtx,
  target: IngestTarget,
  records: readonly SentRecord[],
  options: IngestRecordsOptions,
): Promise<void> {
  const checked = await checkRecords(ctx, target, records, options);
  await checked.publish();
}

/** Checks records, and adds columns where the table is to have them; those that are refused go into the tally. @throws UNAVAILABLE */
export async function checkRecords(
  ctx: IngestCtx,
  target: IngestTarget,
  records: readonly SentRecord[],
  { tally: whole, atomic = false }: IngestRecordsOptions,
): Promise<CheckedRecords> {
  const tally = tallyPart(whole);
  const fitting = await check(ctx, target, records, tally);
  const isEvolving = target.table.schemaMode === "evolve" && fitting.some(({ unknown }) => unknown.length > 0);
  const { target: grown, passed } = isEvolving
    ? await grow(ctx, target, fitting, { tally, atomic })
    : { target, passed: fitting };
  return {
    target: grown,
    passedCount: passed.length,
    async publish({ traced = true } = {}) {
      if (atomic && tally.counts.rejected > 0) {
        for (const { sent, event } of passed) tally.outcome(sent.index, event.key, { outcome: "refused" });
      } else {
        await publish(ctx, target.table, passed, { tally, atomic, traced });
      }
      count(ctx, target.table.name, tally);
    },
  };
}

async function check(
  ctx: IngestCtx,
  target: IngestTarget,
  records: readonly SentRecord[],
  tally: TallyPart,
): Promise<readonly Passed[]> {
  const rules = { ...target, recordBytesMax: ctx.desk.limits.recordBytesMax };
  const passed: Passed[] = [];
  const look = (sent: SentRecord) => {
    if (sent.fault !== undefined) {
      tally.rejected(sent.index, null, sent.fault.code, [sent.fault]);
      return;
    }
    const read = readRecord(sent.record, rules, sent.key);
    if (read.ok) passed.push({ ...read, sent });
    else tally.rejected(sent.index, read.key, read.code, read.problems);
  };
  const left = records.values();
  const lookForATurn = (): boolean => {
    const endMs = performance.now() + turnMs;
    for (let next = left.next(); next.done !== true; next = left.next()) {
      look(next.value);
      if (performance.now() >= endMs) return false;
    }
    return true;
  };
  const { tenantId } = ctx.actor;
  while (!(await ctx.desk.turns.run(tenantId, lookForATurn)));
  return passed;
}

/** Adds columns for what is new in records that passed, and checks these records against them. */
async function grow(
  ctx: IngestCtx,
  target: IngestTarget,
  passed: readonly Passed[],
  { tally, atomic }: { readonly tally: TallyPart; readonly atomic: boolean },
): Promise<{ readonly target: IngestTarget; readonly passed: readonly Passed[] }> {
  const odd = fittingOf(
    target,
    passed.filter(({ unknown }) => unknown.length > 0),
    tally,
  );
  const known = passed.filter(({ unknown }) => unknown.length === 0);
  if (odd.length === 0 || (atomic && tally.counts.rejected > 0)) return { target, passed: inOrder([...known, ...odd]) };
  const grown = await evolve(ctx, target, odd, tally);
  if (grown === target) return { target, passed: known };
  // Two senders may want different types for a column of one name: then the later one's record is checked against the earlier one's column.
  const sent = odd.map((record) => record.sent);
  return { target: grown, passed: inOrder([...known, ...(await check(ctx, grown, sent, tally))]) };
}

function inOrder(passed: readonly Passed[]): readonly Passed[] {
  return passed.toSorted((a, b) => a.sent.index - b.sent.index);
}

/** Those that a table can have columns for; the others are refused. */
function fittingOf(target: IngestTarget, odd: readonly Passed[], tally: TallyPart): readonly Passed[] {
  const refusalOf = createFieldFitter(target.table);
  return odd.filter(({ sent, event, unknown }) => {
    const refusal = refusalOf(unknown);
    if (refusal === undefined) return true;
    const problem = { path: `payload.${refusal.name}`, message: refusal.message };
    tally.rejected(sent.index, event.key, "SCHEMA_MISMATCH", [problem]);
    return false;
  });
}

/** Adds columns for what records hold besides. A table that can't have them refuses these records, and stays as it is. */
async function evolve(
  ctx: IngestCtx,
  target: IngestTarget,
  odd: readonly Passed[],
  tally: TallyPart,
): Promise<IngestTarget> {
  try {
    return await ctx.tables.evolve(
      target,
      odd.map(({ payload }) => payload),
    );
  } catch (error) {
    if (!isMillraceError(error, "SCHEMA_INCOMPATIBLE") && !isMillraceError(error, "VALIDATION_FAILED")) throw error;
    const message = `The table can't have the columns for this: ${error.errors[0]?.message ?? error.message}`;
    for (const { sent, event } of odd) {
      tally.rejected(sent.index, event.key, "SCHEMA_MISMATCH", [{ path: "payload", message }]);
    }
    return target;
  }
}

async function publish(
  ctx: IngestCtx,
  table: EventTable,
  passed: readonly Passed[],
  { tally, atomic, traced }: { readonly tally: TallyPart; readonly atomic: boolean; readonly traced: boolean },
): Promise<void> {
  const events = passed.map(({ event }) => event);
  const send = () => ctx.desk.publish(table.tenantNo, events, { atomic });
  const outcomes = await (traced ? inPublishSpan(table, events.length, send) : send());
  for (const [nth, outcome] of outcomes.entries()) {
    const own = passed[nth];
    if (own !== undefined) tally.outcome(own.sent.index, own.event.key, outcome);
  }
}

function count(ctx: IngestCtx, table: string, { counts }: TallyPart): void {
  for (const outcome of ["accepted", "duplicate", "rejected"] as const) {
    const by = counts[outcome];
    if (by > 0) ctx.metrics?.eventsIngestedTotal.inc({ table, outcome }, by);
  }
}
