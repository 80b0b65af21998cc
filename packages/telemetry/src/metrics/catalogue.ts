/** The values a label may have: a closed list, or `open` for names that users choose. */
export type LabelValues = "open" | readonly string[];

interface DeclarationBase {
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
}

export interface CounterDeclaration extends DeclarationBase {
  readonly kind: "counter";
}

export interface HistogramDeclaration extends DeclarationBase {
  readonly kind: "histogram";
  /** Upper bounds, ascending; `+Inf` goes without saying. */
  readonly buckets: readonly number[];
}

export interface GaugeDeclaration extends DeclarationBase {
  readonly kind: "gauge";
  /** How the values of label sets that were folded into `other` become one. */
  readonly merge: "sum" | "max";
  /** Has no value before it is set: some processes measure it and others don't, and 0 is an answer. */
  readonly startsAbsent?: true;
}

export type MetricDeclaration = CounterDeclaration | HistogramDeclaration | GaugeDeclaration;

/** The buckets that OpenTelemetry gives `http.server.request.duration`. */
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
/** Those of `db.client.operation.duration`, with two more below: most of our statements take under a millisecond. */
const statementSeconds = [0.000_25, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] as const;
const querySeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** From the pick-up of an idle queue (a few milliseconds) to an hour. */
const jobSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600] as const;

/** Every metric there is. The name is the key in snake case behind `millrace_`; none has a tenant label. */
export const metricCatalogue = {
  httpRequestsTotal: {
    kind: "counter",
    help: "HTTP requests answered. The route is its pattern, never the path.",
    labels: { method: "open", route: "open", status: "open" },
  },
  httpRequestDurationSeconds: {
    kind: "histogram",
    help: "Time from a request's headers to the end of its response.",
    labels: { method: "open", route: "open", status: "open" },
    buckets: requestSeconds,
  },
  jobsEnqueuedTotal: {
    kind: "counter",
    help: "Jobs asked for: created, or found to exist under their idempotency key.",
    labels: { queue: "open", outcome: ["created", "duplicate"] },
  },
  jobsFinishedTotal: {
    kind: "counter",
    help: "Attempts that ended in a worker of this process, by how: retried, snoozed and released jobs will run again. Those of workers over HTTP are in millrace_leases_settled_total.",
    labels: {
      queue: "open",
      type: "open",
      outcome: ["completed", "retried", "dead", "cancelled", "snoozed", "released"],
    },
  },
  jobWaitSeconds: {
    kind: "histogram",
    help: "Time from when a job was due to when a worker claimed it.",
    labels: { queue: "open" },
    buckets: jobSeconds,
  },
  jobRunSeconds: {
    kind: "histogram",
    help: "Time that a handler ran in a worker of this process, whatever the outcome.",
    labels: { queue: "open", type: "open" },
    buckets: jobSeconds,
  },
  queueDepth: {
    kind: "gauge",
    help: "Jobs in a queue by status, sampled. Every process that samples reports the same number: take the max.",
    labels: { queue: "open", status: ["pending", "running", "completed", "dead", "cancelled"] },
    merge: "sum",
  },
  queueOldestReadyAgeSeconds: {
    kind: "gauge",
    help: "How long the oldest job that is due has been waiting, sampled; 0 when none is.",
    labels: { queue: "open" },
    merge: "max",
  },
  claimsTotal: {
    kind: "counter",
    help: "Claim statements, by whether they brought jobs.",
    labels: { outcome: ["jobs", "empty"] },
  },
  claimedJobsTotal: {
    kind: "counter",
    help: "Jobs that claims brought.",
    labels: {},
  },
  leaseLostTotal: {
    kind: "counter",
    help: "Jobs whose lease was lost before their attempt was settled: the write was fenced off, another owner has the job.",
    labels: {},
  },
  leasesSettledTotal: {
    kind: "counter",
    help: "Attempts that workers over HTTP ended, by how: retried, snoozed and released jobs will run again. A completion that is sent again counts again.",
    labels: { outcome: ["completed", "retried", "dead", "snoozed", "released"] },
  },
  rescuedTotal: {
    kind: "counter",
    help: "Jobs with an expired lease that were put back or, out of attempts, declared dead.",
    labels: { outcome: ["retried", "dead"] },
  },
  heartbeatsTotal: {
    kind: "counter",
    help: "Batched heartbeats sent, by whether the database took them.",
    labels: { outcome: ["ok", "failed"] },
  },
  wakeupsTotal: {
    kind: "counter",
    help: "What made a worker look for jobs: a notification, or the poll behind it.",
    labels: { source: ["notify", "poll"] },
  },
  workerSlots: {
    kind: "gauge",
    help: "Jobs that the worker may run at once.",
    labels: {},
    merge: "sum",
  },
  workerSlotsInUse: {
    kind: "gauge",
    help: "Jobs that the worker is running.",
    labels: {},
    merge: "sum",
  },
  eventsIngestedTotal: {
    kind: "counter",
    help: "Records that were sent in: accepted, known already under their key, or refused.",
    labels: { table: "open", outcome: ["accepted", "duplicate", "rejected"] },
  },
  ingestPublishSeconds: {
    kind: "histogram",
    help: "Time from handing events to the bus to their being durable.",
    labels: { outcome: ["ok", "failed"] },
    buckets: statementSeconds,
  },
  ingestPublishEvents: {
    kind: "histogram",
    help: "Events that were published together.",
    labels: {},
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000],
  },
  ingestRefusedTotal: {
    kind: "counter",
    help: "Requests of which nothing more was taken, because too much waits to be written (429, 503) or to be published (memory).",
    labels: { reason: ["soft", "hard", "memory"] },
  },
  ingestPendingEvents: {
    kind: "gauge",
    help: "Events that wait to be written into their tables, of tenants that this process has taken some from lately.",
    labels: {},
    merge: "max",
  },
  ingestPendingBytes: {
    kind: "gauge",
    help: "Payloads of these events.",
    labels: {},
    merge: "max",
  },
  ingestMemoryBytes: {
    kind: "gauge",
    help: "Bodies that this process holds until they are published.",
    labels: {},
    merge: "sum",
  },
  querySeconds: {
    kind: "histogram",
    help: "Time of a query over the lake from its turn to its complete result.",
    labels: { outcome: ["ok", "error"] },
    buckets: querySeconds,
  },
  queryBarrierSeconds: {
    kind: "histogram",
    help: "Time that queries with a visibility token waited for their events to be visible.",
    labels: {},
    buckets: querySeconds,
  },
  dbPoolOpenConnections: {
    kind: "gauge",
    help: "Connections to PostgreSQL that are open.",
    labels: {},
    merge: "sum",
  },
  dbPoolInUseConnections: {
    kind: "gauge",
    help: "Connections to PostgreSQL that are busy with a statement or a transaction.",
    labels: {},
    merge: "sum",
  },
  dbPoolWaitingRequests: {
    kind: "gauge",
    help: "Statements that wait for a connection.",
    labels: {},
    merge: "sum",
  },
  lakeMaterialiseSeconds: {
    kind: "histogram",
    help: "Time from claiming a range of a log to the end of its publication in the lake.",
    labels: { outcome: ["published", "lost", "failed"] },
    buckets: requestSeconds,
  },
  lakeVisibleSeconds: {
    kind: "histogram",
    help: "Time from the acceptance of the oldest event of a range to the snapshot that shows it.",
    labels: {},
    buckets: jobSeconds,
  },
  lakeEventsTotal: {
    kind: "counter",
    help: "Events that were carried from the log into the lake: written, dead letters, or discarded because their table is dropped and it has dead letters enough.",
    labels: { outcome: ["written", "dead", "discarded"] },
  },
  lakeLagSeconds: {
    kind: "gauge",
    help: "Age of the oldest event that no query sees yet, of all tenants; 0 where every event is seen, absent while that can't be told. In workers that write the lake.",
    labels: {},
    merge: "max",
    startsAbsent: true,
  },
  lakeHistoryLagSeconds: {
    kind: "gauge",
    help: "Age of the oldest finished job or ended attempt that is not in system.jobs or system.job_attempts yet; 0 where all are, absent while that can't be told. In workers that write the lake.",
    labels: {},
    merge: "max",
    startsAbsent: true,
  },
  lakeFilesTotal: {
    kind: "counter",
    help: "Files of events that were published.",
    labels: {},
  },
  lakeMaintenanceFilesTotal: {
    kind: "counter",
    help: "Files that the lake's upkeep has changed: merged into others, ended because their rows are old, deleted after their last snapshot, swept because no snapshot ever had them.",
    labels: { change: ["merged", "retained", "deleted", "swept"] },
  },
  lakeMaintenanceRowsTotal: {
    kind: "counter",
    help: "Rows that were read to merge files.",
    labels: {},
  },
  lakeMaintenanceBytesTotal: {
    kind: "counter",
    help: "Bytes of merged files that were written.",
    labels: {},
  },
  lakeFaultyFilesTotal: {
    kind: "counter",
    help: "Files that a check found not to be what the catalogue says: anything but 0 needs somebody's attention.",
    labels: {},
  },
  dbPoolWaitSeconds: {
    kind: "histogram",
    help: "Time that a statement waited for a connection.",
    labels: {},
    buckets: statementSeconds,
  },
  dbStatementSeconds: {
    kind: "histogram",
    help: "Time from sending a statement to its answer, by the statement's name.",
    labels: { statement: "open" },
    buckets: statementSeconds,
  },
  dbErrorsTotal: {
    kind: "counter",
    help: "Statements and transactions that failed, waiting for a connection included.",
    labels: { statement: "open" },
  },
  buildInfo: {
    kind: "gauge",
    help: "Always 1; the labels say what runs.",
    labels: { service: "open", version: "open", node: "open" },
    merge: "max",
  },
} as const satisfies Readonly<Record<string, MetricDeclaration>>;

export type MetricKey = keyof typeof metricCatalogue;

/** The name of a metric in the exposition: `jobsEnqueuedTotal` is `millrace_jobs_enqueued_total`. */
export function metricName(key: MetricKey): string {
  return `millrace_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}

type ValueOf<Values> = Values extends readonly string[] ? Values[number] : string;

/** The labels of one metric: names that users choose are strings, closed lists are unions. */
export type LabelsOf<Key extends MetricKey> = {
  readonly [Label in keyof (typeof metricCatalogue)[Key]["labels"]]: ValueOf<
    (typeof metricCatalogue)[Key]["labels"][Label]
  >;
};
