import {
  type FieldError,
  type HeartbeatResponse,
  type JobStatus,
  type Json,
  type LeaseOutcomeJson,
  type LeaseResponse,
  MillraceError,
  jsonSchema,
  toProblem,
} from "@millrace/contract";
import { decodeLeaseToken, type LeaseOutcome } from "@millrace/storage";

import { fieldErrors } from "../parse.ts";
import type { LeaseCtx } from "./context.ts";
import { isBusy, patiently } from "./patiently.ts";

/** What became of one item: written, or refused without any effect. */
export type ItemOutcome =
  | { readonly ok: true; readonly job: { readonly id: string; readonly status: JobStatus } }
  | { readonly ok: false; readonly error: MillraceError };

export interface LeaseAnswer<Outcome extends ItemOutcome = ItemOutcome> {
  /** One an item, in their order. */
  readonly outcomes: readonly Outcome[];
  /** The database's clock. */
  readonly serverTime: Date;
}

/** `cancelRequested`: somebody has cancelled the job, and its worker should stop. */
export type HeartbeatAnswer = LeaseAnswer<ItemOutcome & { readonly cancelRequested: boolean }>;

interface Token {
  readonly leaseToken: string;
}

/**
 * Writes the items of a batch that are the caller's to write, in one call; `toWrite` turns an item into what the store takes, or into its error.
 * A token of another tenant never reaches the store: for the caller there is no such lease. A token's queue is not looked at: whoever holds it was
 * given it by a claim from that queue.
 */
export async function writeItems<Item extends Token, Written extends Token>(
  ctx: LeaseCtx,
  items: readonly Item[],
  toWrite: (item: Item, index: number) => Written | MillraceError,
  write: (items: readonly Written[]) => Promise<readonly LeaseOutcome[]>,
): Promise<LeaseAnswer> {
  await ctx.clock.ready();
  const jobIds = items.map(({ leaseToken }) => ownJobId(ctx, leaseToken));
  const errors = new Map<number, MillraceError>();
  const written: Written[] = [];
  for (const [index, item] of items.entries()) {
    if (jobIds[index] === undefined) continue;
    const one = toWrite(item, index);
    if (one instanceof MillraceError) errors.set(index, one);
    else written.push(one);
  }
  const answers = (written.length === 0 ? [] : await patiently(written, write)).values();
  let lost = 0;
  const outcomes = jobIds.map((id, index): ItemOutcome => {
    const error = errors.get(index);
    if (error !== undefined) return { ok: false, error };
    const answer = id === undefined ? undefined : answers.next().value;
    if (id !== undefined && answer?.ok === true) return { ok: true, job: { id, status: answer.status } };
    if (answer !== undefined && isBusy(answer)) return { ok: false, error: jobBusy() };
    lost++;
    return { ok: false, error: leaseLost(answer?.status ?? null) };
  });
  if (lost > 0) ctx.metrics?.leaseLostTotal.inc(lost);
  return { outcomes, serverTime: ctx.clock.now() };
}

/** The job that a token of the caller's tenant names; undefined for text that is none. */
export function ownJobId({ actor }: Pick<LeaseCtx, "actor">, leaseToken: string): string | undefined {
  const lease = decodeLeaseToken(leaseToken);
  return lease?.tenantId === actor.tenantId ? lease.id : undefined;
}

/** The error of an item whose lease is not held, with the job's present state. */
export function leaseLost(jobStatus: JobStatus | null): MillraceError {
  const message =
    jobStatus === null
      ? "This lease token names no job."
      : `The lease on the job is no longer held; the job is ${jobStatus}.`;
  return new MillraceError("LEASE_LOST", message, { extensions: { jobStatus } });
}

/** The error of an item whose job somebody else's transaction holds: nothing was written, and the lease is as it was. */
function jobBusy(): MillraceError {
  return new MillraceError("UNAVAILABLE", "The job is held by another transaction; try again.", {
    retryAfterMs: 1_000,
  });
}

/** A value of an item as JSON text, or what keeps it from being stored. */
export function storedValue(value: Json, bytesMax: number, path: string): string | MillraceError {
  const checked = jsonSchema.safeParse(value);
  if (!checked.success) {
    const errors = fieldErrors(checked.error).map((error) => ({ ...error, path: joined(path, error.path) }));
    return notStored("The value holds what can't be stored.", errors);
  }
  const text = JSON.stringify(value);
  // A character has three bytes at most.
  if (text.length * 3 <= bytesMax) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  const message = `The value has ${bytes} bytes as JSON; at most ${bytesMax} are allowed.`;
  return notStored("The value is too large.", [{ path, code: "too_big", message }]);
}

/** Outcomes as JSON; `traceId` is that of the request. */
export function toLeaseJson({ outcomes, serverTime }: LeaseAnswer, traceId?: string): LeaseResponse {
  return { items: outcomes.map((outcome) => toOutcomeJson(outcome, traceId)), serverTime: serverTime.toISOString() };
}

/** Outcomes of heartbeats as JSON. */
export function toHeartbeatJson(answer: HeartbeatAnswer, traceId?: string): HeartbeatResponse {
  return {
    items: answer.outcomes.map((outcome) => ({
      ...toOutcomeJson(outcome, traceId),
      cancelRequested: outcome.cancelRequested,
    })),
    serverTime: answer.serverTime.toISOString(),
  };
}

function toOutcomeJson(outcome: ItemOutcome, traceId: string | undefined): LeaseOutcomeJson {
  if (outcome.ok) return { ok: true, job: outcome.job };
  return { ok: false, problem: toProblem(outcome.error, traceId === undefined ? {} : { traceId }) };
}

function notStored(message: string, errors: readonly FieldError[]): MillraceError {
  return new MillraceError("VALIDATION_FAILED", message, { errors });
}

function joined(path: string, rest: string): string {
  return rest === "" ? path : `${path}.${rest}`;
}
