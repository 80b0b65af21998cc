import { apiOfFile } from "../../testing/api-of-file.ts";
import type { Reply, TestApi } from "../../testing/start-test-api.ts";

export interface Outcome {
  readonly ok: boolean;
  readonly problem?: Readonly<Record<string, unknown>>;
}

export interface Leased {
  readonly job: { readonly id: string; readonly attempts: number };
  readonly leaseToken: string;
  readonly leaseExpiresAt: string;
}

/** An API whose queues are worked over HTTP, for all tests of a file. */
export interface Leases {
  readonly api: TestApi;
  readonly key: string;
  post(path: string, body: unknown, as?: string): Promise<Reply>;
  write(verb: string, items: readonly object[], as?: string): Promise<readonly Outcome[]>;
  read(id: string): Promise<Reply["json"]>;
  statusOf(id: string): Promise<unknown>;
  enqueue(queue: string, more?: object): Promise<string>;
  claim(queue: string, more?: object): Promise<readonly Leased[]>;
  /** The lease of a new job. */
  leased(queue: string, more?: object): Promise<Leased>;
  /** The lease of a job that another has claimed since. */
  stale(queue: string): Promise<Leased>;
}

/** Opens the API; it is closed after the last test of the file. */
export async function leasesOfFile(): Promise<Leases> {
  const { api, key } = await apiOfFile();
  const post: Leases["post"] = (path, body, as = key) => api.ask(`POST /v1/leases/${path}`, { key: as, body });
  const write: Leases["write"] = async (verb, items, as) =>
    (await post(verb, { items }, as)).json.items as unknown as readonly Outcome[];
  const read: Leases["read"] = async (id) => (await api.ask(`GET /v1/jobs/${id}`, { key })).json;

  const enqueue: Leases["enqueue"] = async (queue, more) =>
    (await api.ask("POST /v1/jobs", { key, body: { type: "t", queue, ...more } })).json.id;

  const claim: Leases["claim"] = async (queue, more) =>
    (await post("claim", { queues: [queue], worker: "w", ...more })).json.items as unknown as readonly Leased[];

  const leased: Leases["leased"] = async (queue, more) => {
    await enqueue(queue, more);
    const [item] = await claim(queue);
    if (item === undefined) throw new Error("a job was expected");
    return item;
  };

  return {
    api,
    key,
    post,
    write,
    read,
    statusOf: async (id) => (await read(id))["status"],
    enqueue,
    claim,
    leased,
    async stale(queue) {
      const first = await leased(queue);
      await write("release", [{ leaseToken: first.leaseToken }]);
      await claim(queue);
      return first;
    },
  };
}

/** One well-formed item of each verb, without its token. */
export const items = {
  heartbeat: {},
  progress: { progress: { done: 1 } },
  complete: { result: { sum: 3 } },
  fail: { message: "no" },
  snooze: { delayMs: 60_000 },
  release: {},
} as const;

/** What becomes of the job. */
export const statusAfter = {
  heartbeat: "running",
  progress: "running",
  complete: "completed",
  fail: "pending",
  snooze: "pending",
  release: "pending",
} as const;

export const verbs = Object.keys(items) as (keyof typeof items)[];
