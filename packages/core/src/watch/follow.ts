import { isMillraceError, isTerminal, type JobEventJson, type JobLogLineJson } from "@millrace/contract";
import type { Job, JobAttempt, JobLogLine, JobRef } from "@millrace/storage";

import { requireScope } from "../context.ts";
import { toJobJson } from "../jobs/job-json.ts";
import { toAttemptJson } from "../jobs/list-attempts.ts";
import { jobRef, requireVisible } from "../jobs/visible.ts";
import type { WatchCtx } from "./context.ts";
import { decodePosition, encodePosition, type Position, start } from "./position.ts";

/** As many as the store answers with at once. */
const pageMax = 500;

/**
 * The events of a job until it is finished, or the signal of the context fires; behind `lastEventId`, where that is given. Undefined when all has been told.
 * Attempts, log lines and changes of status are told once each, in their order; of progress the newest, and some may be passed over.
 * @throws FORBIDDEN, VALIDATION_FAILED, JOB_NOT_FOUND
 */
export async function followJob(
  ctx: WatchCtx,
  input: { readonly id: string; readonly lastEventId?: string | undefined },
): Promise<AsyncGenerator<JobEventJson> | undefined> {
  requireScope(ctx, "jobs:read");
  const ref = jobRef(ctx, input.id);
  const position = input.lastEventId === undefined ? start : decodePosition(input.lastEventId);
  const job = await ctx.store.getJob(ref);
  requireVisible(ctx, job);
  if (position.isEnd && isShown(position, job)) return undefined;
  return events(ctx, { ...ref, id: job.id }, { ...position, isEnd: false });
}

async function* events(ctx: WatchCtx, ref: JobRef, from: Position): AsyncGenerator<JobEventJson> {
  let position = from;
  const told = (change: Partial<Position>) => encodePosition((position = { ...position, ...change }));
  const changes = ctx.watch.watch(ref.id, "everything");
  try {
    for (;;) {
      // The job is read first: what it is has been recorded by then in its attempts and its log.
      const job = await ifThere(ctx, ref);
      if (job === undefined) {
        yield { id: told({ isEnd: true }), event: "end", data: { status: null } };
        return;
      }
      if (position.job === undefined) yield { id: told({ job: shown(job) }), event: "job", data: toJobJson(job) };
      for await (const item of recordsBehind(ctx, ref, job, position)) {
        if ("seq" in item) yield { id: told({ seq: item.seq }), event: "log", data: toLineJson(item) };
        else yield { id: told({ fence: item.fence }), event: "attempt", data: toAttemptJson(item) };
      }
      // A completed attempt is told by the job itself, until it is retried.
      if (job.status === "completed" && job.fence > position.fence) {
        yield { id: told({ fence: job.fence }), event: "attempt", data: toAttemptJson(completed(job)) };
      }
      if (!isShown(position, job)) {
        const isProgress =
          job.status === "running" && position.job?.status === "running" && position.job.fence === job.fence;
        const id = told({ job: shown(job) });
        if (isProgress) yield { id, event: "progress", data: { progress: job.progress } };
        else yield { id, event: "job", data: toJobJson(job) };
      }
      if (isTerminal(job.status)) {
        yield { id: told({ isEnd: true }), event: "end", data: { status: job.status } };
        return;
      }
      await changes.next({ signal: ctx.signal });
      if (ctx.signal?.aborted === true) return;
    }
  } finally {
    changes.close();
  }
}

/**
 * The attempts and log lines behind a position.
 * @yields as far as they belong to what the job was when it was read
 */
async function* recordsBehind(
  { store }: WatchCtx,
  ref: JobRef,
  job: Job,
  position: Position,
): AsyncGenerator<JobAttempt | JobLogLine> {
  let { fence, seq } = position;
  for (let isLast = false; !isLast;) {
    const [attempts, lines] = await Promise.all([store.attemptsAfter(ref, fence), store.logsAfter(ref, seq)]);
    // What has ended since the job was read comes behind what the job was then.
    const ended = attempts.filter(
      (one) => one.fence < job.fence || (one.fence === job.fence && job.status !== "running"),
    );
    yield* inOrder(ended, lines);
    fence = attempts.at(-1)?.fence ?? fence;
    seq = lines.at(-1)?.seq ?? seq;
    isLast = attempts.length < pageMax && lines.length < pageMax;
  }
}

async function ifThere({ store }: WatchCtx, ref: JobRef): Promise<Job | undefined> {
  try {
    return await store.getJob(ref);
  } catch (error) {
    if (isMillraceError(error, "JOB_NOT_FOUND")) return undefined;
    throw error;
  }
}

function shown({ status, fence, updatedAt }: Job) {
  return { status, fence, updatedMs: updatedAt.getTime() };
}

function isShown({ job }: Position, now: Job): boolean {
  return job?.status === now.status && job.fence === now.fence && job.updatedMs === now.updatedAt.getTime();
}

function completed({ fence, attempts, startedAt, completedAt, lockedBy }: Job): JobAttempt {
  return { fence, attempt: attempts, startedAt, endedAt: completedAt, worker: lockedBy, outcome: "completed" };
}

/** Both by time; a line was written before its attempt ended. */
function inOrder(attempts: readonly JobAttempt[], lines: readonly JobLogLine[]): readonly (JobAttempt | JobLogLine)[] {
  const atMs = (item: JobAttempt | JobLogLine) => ("seq" in item ? item.loggedAt : item.endedAt)?.getTime() ?? 0;
  return [...lines, ...attempts].toSorted((one, other) => atMs(one) - atMs(other));
}

function toLineJson({ loggedAt, attempt, level, message }: JobLogLine): JobLogLineJson {
  return { at: loggedAt.toISOString(), attempt, level, message };
}
