/** How a measure is told: what was done, which value counts and what it is compared with. */
export interface Group {
  /** The measure's name. */
  readonly name: string;
  readonly heading: string;
  readonly text: string;
  readonly unit: string;
  /** The value that is drawn and compared; of a latency less is better. */
  readonly key: "perSecond" | "p50Ms";
  /** What the call latencies are those of; no columns without. */
  readonly latency?: string;
}

/** The groups of the report, in order. */
export const groups: readonly Group[] = [
  {
    name: "enqueue",
    heading: "Enqueue, one by one",
    text: "32 callers in one process each store a job, wait until it is stored, and store the next. No worker runs.",
    unit: "jobs/s",
    key: "perSecond",
    latency: "call",
  },
  {
    name: "bulk",
    heading: "Enqueue in bulk",
    text: "1,000 jobs a call, two calls at a time. No worker runs.",
    unit: "jobs/s",
    key: "perSecond",
    latency: "call",
  },
  {
    name: "drain",
    heading: "Drain, best settings",
    text: "One worker process empties a full queue of jobs that do nothing. The rivals have the fastest settings that we found for them; Millrace has its defaults, and a line of its own with more room.",
    unit: "jobs/s",
    key: "perSecond",
  },
  {
    name: "defaults",
    heading: "Drain, everybody's defaults",
    text: "The same with what each library does when nothing is set. Most run one job at a time then, pg-boss one each two seconds.",
    unit: "jobs/s",
    key: "perSecond",
  },
  {
    name: "steady",
    heading: "Steady state, produced one by one",
    text: "One process stores jobs with 32 callers while another does them. The rate is that of jobs done. Whoever stores faster than is done waits at 10,000 open jobs.",
    unit: "jobs/s",
    key: "perSecond",
    latency: "enqueue call",
  },
  {
    name: "steady-batches",
    heading: "Steady state, produced by 100",
    text: "The same with 100 jobs a call, two calls at a time.",
    unit: "jobs/s",
    key: "perSecond",
    latency: "enqueue call",
  },
  {
    name: "pickup",
    heading: "Pickup of a single job",
    text: "From the call that stores a job to the start of its handler in another process, with nothing else going on: one job each 15 to 40 ms. Less is better. The CPU columns hold what idling costs as well.",
    unit: "ms",
    key: "p50Ms",
    latency: "pickup",
  },
  {
    name: "http-enqueue-64",
    heading: "Enqueue over HTTP, 64 connections",
    text: "One job a request, answered after it is committed, beside a server of the same libraries that parses and validates the same body, answers and stores nothing. CPU of the load generator is not in the columns.",
    unit: "requests/s",
    key: "perSecond",
    latency: "request",
  },
  {
    name: "http-enqueue-256",
    heading: "Enqueue over HTTP, 256 connections",
    text: "The same with 256 connections.",
    unit: "requests/s",
    key: "perSecond",
    latency: "request",
  },
  {
    name: "http-leases",
    heading: "Work jobs over HTTP",
    text: "A worker that is written against the HTTP API claims 50 jobs, completes them and claims the next 50, eight loops at a time. CPU of that worker is not in the columns. No rival offers this.",
    unit: "jobs/s",
    key: "perSecond",
  },
];
