import { newJob, until } from "../testing/job-store/fixture.ts";
import { testDatabase } from "../testing/test-database.ts";
import type { ClaimedJob, Job, NewJob } from "./job-store.ts";
import { createPostgresJobStore, hotSession } from "./postgres-job-store.ts";

export const queue = "flow";
export const tenantId = "acme";

/** A store of its own, and short words for what happens to jobs that depend on one another. */
export async function openFlowRig() {
  /** Statements that the server refused. */
  const failed: string[] = [];
  const observer = { statement: (name: string, _: number, ok: boolean) => void (ok || failed.push(name)) };
  const { database: db, close } = await testDatabase({
    database: { session: hotSession, lockTimeoutMs: 10_000, poolMax: 16, observer },
  });
  const store = createPostgresJobStore(db);
  const get = (job: { readonly id: string }) => store.getJob({ tenantId, id: job.id });

  return {
    db,
    store,
    failed,
    get,
    create: async (changes: Partial<NewJob> = {}) => (await store.createJob(newJob({ queue, ...changes }))).job,
    claim: (limit = 1_000) => store.claimJobs({ queues: [queue], limit, leaseMs: 60_000, worker: "w" }),
    statusOf: async (job: { readonly id: string }) => (await get(job)).status,
    complete: (claimed: readonly ClaimedJob[]) =>
      store.completeJobs(claimed.map(({ leaseToken }) => ({ leaseToken, result: null }))),
    kill: (claimed: readonly ClaimedJob[]) =>
      store.failJobs(claimed.map(({ leaseToken }) => ({ leaseToken, message: "no", retryable: false }))),

    /** What still waits for others. */
    async leftovers(): Promise<{ blocked: number; edges: number }> {
      const text = `select (select count(*)::integer from millrace.blocked) as blocked, (select count(*)::integer from millrace.job_dependencies) as edges`;
      const [row] = await db.query<{ blocked: number; edges: number }>({ name: "test.leftovers", text });
      return row ?? { blocked: -1, edges: -1 };
    },

    /** Resolves once a session of this database waits for a lock. */
    async someoneWaits(): Promise<void> {
      const text = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
      await until(async () => (await db.query({ name: "test.waits", text })).length > 0);
    },

    async empty(): Promise<void> {
      const tables =
        "jobs ready scheduled held blocked job_dependencies job_history job_keys claims finished_counts key_slots key_checks";
      const text = `truncate ${tables.replaceAll(/\w+/g, "millrace.$&").replaceAll(" ", ", ")}`;
      await db.query({ name: "test.truncate", text });
    },

    async close(): Promise<void> {
      await store.close();
      await close();
    },
  };
}

export type FlowRig = Awaited<ReturnType<typeof openFlowRig>>;

/** What a new job says to depend on these. */
export function after(...dependsOn: readonly (string | Job)[]): Partial<NewJob> {
  return { dependsOn: dependsOn.map((on) => (typeof on === "string" ? on : on.id)) };
}

/** The one job that was claimed, at least. */
export function only([claimed]: readonly ClaimedJob[]): ClaimedJob {
  if (claimed === undefined) throw new Error("nothing could be claimed");
  return claimed;
}
