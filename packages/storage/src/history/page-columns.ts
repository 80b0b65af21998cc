/** A value that is larger than any that the API takes is left out, so that lines are bounded. Short ones are short whatever they were compressed from. */
const bounded = (column: string) =>
  `case when pg_column_size(${column}) <= 4000 or octet_length(${column}::text) <= 1048576 then ${column} end`;

/** The columns of an exported job, in this order, and the SQL that makes them of a row `r` of `job_history`. */
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
  payload: bounded("r.payload"),
  result: bounded("r.result"),
  last_error: "r.last_error",
  errors: "r.errors",
  worker: "r.locked_by",
  idempotency_key: "r.idempotency_key",
  concurrency_key: "r.concurrency_key",
  traceparent: "r.traceparent",
  created_at: "r.created_at",
  scheduled_at: "r.scheduled_at",
  started_at: "r.started_at",
  completed_at: "r.completed_at",
} as const;

/** The columns of an exported attempt, in this order, and the SQL that makes them of a row `r` of `job_attempts`. */
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
  error: "r.message",
  stack: "r.stack",
} as const;
