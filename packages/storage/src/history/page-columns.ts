/** Bytes of a value that is exported as it is. */
const valueBytesMax = 65_536;

/** Bytes of values in a page: a transaction is never divided, however many large jobs it has ended, and whoever reads the page has little memory. */
const pageBytesMax = 12_582_912;

const bytesOf = (column: string) => `octet_length(${column}::text)`;

const isKept = (column: string) => `${bytesOf(column)} <= ${valueBytesMax} and r.bytes_so_far <= ${pageBytesMax}`;

/** Short values are never left out, and what stands for a longer one says so. */
const json = (column: string) =>
  `case when ${bytesOf(column)} <= 100 or ${isKept(column)} then ${column}::text else '{"truncated":true,"bytes":' || ${bytesOf(column)} || '}' end`;

const text = (column: string) =>
  `case when ${bytesOf(column)} <= 1000 or ${isKept(column)} then ${column} else left(${column}, 1000) || '… [truncated, ' || ${bytesOf(column)} || ' bytes]' end`;

const counted = (columns: readonly string[]) =>
  columns
    .map((column) => `case when ${bytesOf(column)} <= ${valueBytesMax} then ${bytesOf(column)} else 0 end`)
    .join(" + ");

/** SQL of how much of a page's bound a row `r` takes. */
export const jobBytes = counted(["r.payload", "coalesce(r.result, 'null')", "r.errors", "coalesce(r.last_error, '')"]);
export const attemptBytes = counted(["coalesce(r.message, '')", "coalesce(r.stack, '')"]);

/** The columns of an exported job, in this order, and the SQL that makes them of a row `r` of `job_history` with `bytes_so_far`. */
export const exportedJobColumns = {
  tenant_id: "r.tenant_id",
  id: "r.id",
  queue: "r.queue",
  type: "r.type",
  status: "r.status",
  priority: "r.priority",
  attempts: "r.attempts",
  max_attempts: "r.max_attempts",
  fence: "r.fence",
  tags: "to_json(r.tags)",
  payload: json("r.payload"),
  result: json("r.result"),
  last_error: text("r.last_error"),
  errors: json("r.errors"),
  worker: "r.locked_by",
  idempotency_key: "r.idempotency_key",
  concurrency_key: "r.concurrency_key",
  traceparent: "r.traceparent",
  created_at: "r.created_at",
  scheduled_at: "r.scheduled_at",
  started_at: "r.started_at",
  completed_at: "r.completed_at",
} as const;

/** The columns of an exported attempt, in this order, and the SQL that makes them of a row `r` of `job_attempts` with `bytes_so_far`. */
export const exportedAttemptColumns = {
  tenant_id: "r.tenant_id",
  job_id: "r.job_id",
  fence: "r.fence",
  queue: "r.queue",
  type: "r.type",
  attempt: "r.attempt",
  outcome: "r.outcome",
  worker: "r.worker",
  started_at: "r.started_at",
  ended_at: "r.ended_at",
  error: text("r.message"),
  stack: text("r.stack"),
} as const;
