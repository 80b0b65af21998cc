import { type MetricKey, metricName } from "@millrace/telemetry";

import type { Alert } from "./alert.ts";

const m = (key: MetricKey): string => metricName(key);
const dead = 'outcome="dead"';

/** How many a second; none where there is no series yet, since nothing added to nothing would be nothing. */
const perSecond = (key: MetricKey, labels: string, window: string): string =>
  `(sum(rate(${m(key)}{${labels}}[${window}])) or vector(0))`;
/** Jobs that ended in one of these ways, wherever they ran: in our workers, in those over HTTP, or lost by both. */
const endedJobs = (labels: string, window: string): string =>
  [
    perSecond("jobsFinishedTotal", labels, window),
    perSecond("leasesSettledTotal", labels, window),
    perSecond("rescuedTotal", dead, window),
  ].join(" + ");

/** Alerts on one number that is past its limit. */
export const thresholds: readonly Alert[] = [
  {
    name: "TargetDown",
    expression: `up{job="millrace"} == 0`,
    holds: "2m",
    severity: "page",
    summary: "A process of Millrace does not answer Prometheus.",
    runbook: "target-down",
  },
  {
    name: "JobsWaitTooLong",
    expression: `max by (queue) (${m("queueOldestReadyAgeSeconds")}) > 300`,
    holds: "5m",
    severity: "page",
    summary: "The oldest job that is due in {{ $labels.queue }} has waited for more than 5 minutes.",
    runbook: "jobs-wait-too-long",
  },
  {
    name: "JobsFail",
    expression: `(${endedJobs(dead, "15m")}) / (${endedJobs('outcome=~"completed|dead"', "15m")}) > 0.05`,
    holds: "10m",
    severity: "ticket",
    summary: "More than 5 % of the jobs that end are dead.",
    runbook: "jobs-fail",
  },
  {
    name: "LeasesLost",
    expression: `sum(increase(${m("leaseLostTotal")}[15m])) > 10`,
    holds: "5m",
    severity: "ticket",
    summary: "Workers lose the leases of jobs that they still run.",
    runbook: "leases-lost",
  },
  {
    name: "EventsStuck",
    expression: `max(${m("ingestPendingEvents")}) > 0 unless on() (sum(increase(${m("lakeEventsTotal")}[5m])) > 0)`,
    holds: "5m",
    severity: "page",
    summary: "Events wait, and none has been written into the lake for 5 minutes.",
    runbook: "events-stuck",
  },
  {
    name: "EventsLate",
    expression: `max(${m("lakeLagSeconds")}) > 300`,
    holds: "5m",
    severity: "page",
    summary: "Events of a tenant have waited for the lake for more than 5 minutes.",
    runbook: "events-stuck",
  },
  {
    name: "JobHistoryLate",
    expression: `max(${m("lakeHistoryLagSeconds")}) > 1800`,
    holds: "10m",
    severity: "ticket",
    summary: "Finished jobs have waited for more than half an hour to be copied into system.jobs.",
    runbook: "job-history-late",
  },
  {
    name: "IngestRefused",
    expression: `sum by (reason) (rate(${m("ingestRefusedTotal")}[5m])) > 1`,
    holds: "10m",
    severity: "ticket",
    summary: "Senders of events are held back ({{ $labels.reason }}).",
    runbook: "ingest-refused",
  },
  {
    name: "DeadLetters",
    expression: `sum(increase(${m("lakeEventsTotal")}{${dead}}[15m])) > 0`,
    holds: "0m",
    severity: "ticket",
    summary: "Accepted events could not be rows of their tables and are dead letters.",
    runbook: "dead-letters",
  },
  {
    name: "QueriesFail",
    expression: `sum(rate(${m("querySeconds")}_count{outcome="error"}[15m])) / sum(rate(${m("querySeconds")}_count[15m])) > 0.2`,
    holds: "15m",
    severity: "ticket",
    summary: "More than a fifth of the queries fail.",
    runbook: "queries-fail",
  },
  {
    name: "DatabaseErrors",
    expression: `sum(rate(${m("dbErrorsTotal")}[5m])) / sum(rate(${m("dbStatementSeconds")}_count[5m])) > 0.01`,
    holds: "5m",
    severity: "page",
    summary: "More than 1 % of the statements fail.",
    runbook: "database-errors",
  },
  {
    name: "DatabasePoolExhausted",
    expression: `min_over_time(${m("dbPoolWaitingRequests")}[5m]) > 0`,
    holds: "5m",
    severity: "ticket",
    summary: "Statements of {{ $labels.instance }} have waited for a connection for 5 minutes.",
    runbook: "database-pool-exhausted",
  },
  {
    name: "FaultyFiles",
    expression: `sum(increase(${m("lakeFaultyFilesTotal")}[1h])) > 0`,
    holds: "0m",
    severity: "page",
    summary: "A check found files of the lake that are not what the catalogue says.",
    runbook: "faulty-files",
  },
];
