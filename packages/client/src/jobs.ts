import type {
  AttemptJson,
  BulkRequest,
  BulkResponse,
  EnqueueBatchRequest,
  EnqueueRequest,
  JobEventJson,
  JobJson,
  ListAttemptsQuery,
  ListJobsQuery,
  UpdateJobRequest,
  Why,
} from "@millrace/contract";

import { followJobEvents, type FollowOptions } from "./job-events.ts";
import type { CallOptions } from "./options.ts";
import { search } from "./search.ts";
import { type ApiRequest, type OpenStream, type Transport, pause } from "./transport.ts";

/** What an enqueue says of its idempotency key. */
interface AnsweredKey {
  /** True when the idempotency key named this job already. */
  readonly duplicate: boolean;
  /** True when this request has taken the place of the one before, as its `onDuplicate` says. */
  readonly replaced?: true;
}

export interface EnqueuedJob extends JobJson, AnsweredKey {}

/** A job of a batch, in the order of the request. */
export interface EnqueuedId extends AnsweredKey {
  readonly id: string;
}

export interface JobPage {
  readonly items: readonly JobJson[];
  readonly nextCursor: string | null;
}

export interface AttemptPage {
  readonly items: readonly AttemptJson[];
  readonly nextCursor: string | null;
}

/** One wait is at most this long; longer ones ask again. */
const waitMsMax = 30_000;

/** The pause after a wait that was ended early, as by a server that stops: each one in a row is twice as long. */
const pauseFirstMs = 200;
const pauseMaxMs = 5_000;

const terminal: ReadonlySet<string> = new Set(["completed", "dead", "cancelled"]);

/** The jobs of the key's tenant. Every call can throw MillraceApiError. */
export interface JobsClient {
  /** Enqueues one job. Sent again after a lost answer only with an idempotency key whose repeat is answered with the first one's job. */
  enqueue(job: EnqueueRequest, options?: CallOptions): Promise<EnqueuedJob>;
  /** Enqueues all jobs or none; ids in input order. */
  enqueueBatch(jobs: EnqueueBatchRequest["jobs"], options?: CallOptions): Promise<readonly EnqueuedId[]>;
  get(id: string, options?: CallOptions): Promise<JobJson>;
  /** One page, newest first; it may be short while `nextCursor` is set. */
  list(query?: ListJobsQuery, options?: CallOptions): Promise<JobPage>;
  /** Every job that the query matches, page by page. */
  all(query?: ListJobsQuery, options?: CallOptions): AsyncIterableIterator<JobJson>;
  /** One page of the attempts at a job, oldest first. */
  attempts(id: string, query?: ListAttemptsQuery, options?: CallOptions): Promise<AttemptPage>;
  /** Why a job isn't running yet. */
  why(id: string, options?: CallOptions): Promise<Why>;
  /** The events of a job up to its end, however often the connection is lost: `for await (const event of client.jobs.events(id))`. */
  events(id: string, options?: FollowOptions): AsyncGenerator<JobEventJson, void>;
  update(id: string, changes: UpdateJobRequest, options?: CallOptions): Promise<JobJson>;
  delete(id: string, options?: CallOptions): Promise<void>;
  cancel(id: string, options?: CallOptions): Promise<JobJson>;
  retry(id: string, options?: CallOptions): Promise<JobJson>;
  /** Cancels, retries or deletes up to `limit` jobs of a filter; go on with `nextCursor` until it is null. */
  bulk(request: BulkRequest, options?: CallOptions): Promise<BulkResponse>;
  /** The job once it is finished, or as it stands after `timeoutMs` (default 30,000). */
  wait(id: string, options?: CallOptions & { readonly timeoutMs?: number }): Promise<JobJson>;
}

/** The calls of `/v1/jobs`. */
export function createJobsClient(send: Transport, open: OpenStream, retriesMax: number): JobsClient {
  const call = async <Body>(request: ApiRequest, options?: CallOptions) => (await send(request, options)).body as Body;
  const path = (id: string) => `/v1/jobs/${encodeURIComponent(id)}`;
  const act = (id: string, action: "cancel" | "retry", options?: CallOptions) =>
    call<JobJson>({ method: "POST", path: `${path(id)}/${action}`, repeatable: false }, options);

  const list: JobsClient["list"] = (query = {}, options) =>
    call<JobPage>({ method: "GET", path: `/v1/jobs${search(query)}`, repeatable: true }, options);

  return {
    enqueue: (job, options) =>
      call<EnqueuedJob>({ method: "POST", path: "/v1/jobs", body: job, repeatable: isRepeatable(job) }, options),
    async enqueueBatch(jobs, options) {
      const repeatable = jobs.every(isRepeatable);
      const { items } = await call<{ items: readonly EnqueuedId[] }>(
        { method: "POST", path: "/v1/jobs/batch", body: { jobs }, repeatable },
        options,
      );
      return items;
    },
    get: (id, options) => call<JobJson>({ method: "GET", path: path(id), repeatable: true }, options),
    list,
    async *all(query = {}, options) {
      for (let cursor = query.cursor; ;) {
        const page = await list(cursor === undefined ? query : { ...query, cursor }, options);
        yield* page.items;
        if (page.nextCursor === null) return;
        cursor = page.nextCursor;
      }
    },
    why: (id, options) => call<Why>({ method: "GET", path: `${path(id)}/why`, repeatable: true }, options),
    events: (id, options) => followJobEvents(open, `${path(id)}/events`, retriesMax, options),
    attempts(id, query = {}, options) {
      const request = { method: "GET", path: `${path(id)}/attempts${search(query)}`, repeatable: true } as const;
      return call<AttemptPage>(request, options);
    },
    update: (id, changes, options) =>
      call<JobJson>({ method: "PATCH", path: path(id), body: changes, repeatable: true }, options),
    async delete(id, options) {
      await call({ method: "DELETE", path: path(id), repeatable: false }, options);
    },
    cancel: (id, options) => act(id, "cancel", options),
    retry: (id, options) => act(id, "retry", options),
    bulk: (body, options) =>
      call<BulkResponse>({ method: "POST", path: "/v1/jobs/bulk", body, repeatable: body.dryRun === true }, options),
    async wait(id, { timeoutMs = 30_000, ...options } = {}) {
      const deadline = Date.now() + timeoutMs;
      for (let early = 0; ;) {
        const askedMs = Date.now();
        const leftMs = Math.max(0, Math.min(waitMsMax, deadline - askedMs));
        const job = await call<JobJson>(
          { method: "GET", path: `${path(id)}/wait?timeoutMs=${leftMs}`, repeatable: true, timeoutMs: leftMs + 10_000 },
          options,
        );
        const nowMs = Date.now();
        if (terminal.has(job.status) || nowMs >= deadline) return job;
        if (nowMs - askedMs >= leftMs) early = 0;
        else await pause(Math.min(pauseMaxMs, pauseFirstMs * 2 ** early++, deadline - nowMs), options.signal);
      }
    },
  };
}

function isRepeatable({ idempotencyKey, onDuplicate = "existing" }: EnqueueBatchRequest["jobs"][number]): boolean {
  return idempotencyKey !== undefined && onDuplicate === "existing";
}
