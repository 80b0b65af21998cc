import { type MetricKey, metricName } from "@millrace/telemetry";

import { type Dashboard, perSecond, quantiles, type Query } from "./panel.ts";

const m = (key: MetricKey): string => metricName(key);
/** Every process that samples says the same, so the greatest is it. */
const greatest = (key: MetricKey, by: string): Query => ({
  expression: `max by (${by}) (${m(key)})`,
  legend: `{{${by.split(", ").join("}} {{")}}}`,
});
const each = (key: MetricKey, legend: string): Query => ({ expression: `sum(${m(key)})`, legend });

/** The pages: one for each half of the product, and one for what both stand on. */
export const dashboards: readonly Dashboard[] = [
  {
    id: "millrace-jobs",
    title: "Millrace: jobs",
    panels: [
      { title: "Oldest job that is due", unit: "s", queries: [greatest("queueOldestReadyAgeSeconds", "queue")] },
      { title: "Jobs by status", unit: "short", queries: [greatest("queueDepth", "queue, status")] },
      { title: "Enqueued", unit: "ops", queries: perSecond(m("jobsEnqueuedTotal"), "queue, outcome") },
      { title: "Attempts that ended", unit: "ops", queries: perSecond(m("jobsFinishedTotal"), "type, outcome") },
      { title: "Attempts of workers over HTTP", unit: "ops", queries: perSecond(m("leasesSettledTotal"), "outcome") },
      { title: "Wait of a job that is due", unit: "s", queries: quantiles(m("jobWaitSeconds")) },
      { title: "Run time, p95 and others", unit: "s", queries: quantiles(m("jobRunSeconds"), "", "type") },
      {
        title: "Slots of workers",
        unit: "short",
        queries: [each("workerSlots", "all"), each("workerSlotsInUse", "in use")],
      },
      {
        title: "Leases lost, jobs rescued",
        unit: "ops",
        queries: [
          { expression: `sum(rate(${m("leaseLostTotal")}[$__rate_interval]))`, legend: "lost" },
          ...perSecond(m("rescuedTotal"), "outcome"),
        ],
      },
    ],
  },
  {
    id: "millrace-events",
    title: "Millrace: events and queries",
    panels: [
      { title: "Records", unit: "ops", queries: perSecond(m("eventsIngestedTotal"), "table, outcome") },
      { title: "Time to be durable", unit: "s", queries: quantiles(m("ingestPublishSeconds")) },
      { title: "Senders held back", unit: "reqps", queries: perSecond(m("ingestRefusedTotal"), "reason") },
      {
        title: "Events that wait",
        unit: "short",
        queries: [{ expression: `max(${m("ingestPendingEvents")})`, legend: "events" }],
      },
      { title: "From acceptance to visible", unit: "s", queries: quantiles(m("lakeVisibleSeconds")) },
      {
        title: "Oldest that waits",
        unit: "s",
        queries: [
          { expression: `max(${m("lakeLagSeconds")})`, legend: "events" },
          { expression: `max(${m("lakeHistoryLagSeconds")})`, legend: "finished jobs" },
        ],
      },
      { title: "Carried into the lake", unit: "ops", queries: perSecond(m("lakeEventsTotal"), "outcome") },
      { title: "Time of a write", unit: "s", queries: quantiles(m("lakeMaterialiseSeconds")) },
      { title: "Files changed by upkeep", unit: "ops", queries: perSecond(m("lakeMaintenanceFilesTotal"), "change") },
      {
        title: "Faulty files",
        unit: "short",
        queries: [{ expression: `sum(increase(${m("lakeFaultyFilesTotal")}[1d]))`, legend: "in a day" }],
      },
      { title: "Time of a query", unit: "s", queries: quantiles(m("querySeconds"), "", "outcome") },
      { title: "Wait for a token's events", unit: "s", queries: quantiles(m("queryBarrierSeconds")) },
      { title: "Queries", unit: "reqps", queries: perSecond(`${m("querySeconds")}_count`, "outcome") },
    ],
  },
  {
    id: "millrace-platform",
    title: "Millrace: API and database",
    panels: [
      { title: "Requests by status", unit: "reqps", queries: perSecond(m("httpRequestsTotal"), "status") },
      {
        title: "Faults by route",
        unit: "reqps",
        queries: perSecond(m("httpRequestsTotal"), "route", '{status=~"5.."}'),
      },
      { title: "Time of a request", unit: "s", queries: quantiles(m("httpRequestDurationSeconds")) },
      { title: "Time of a statement", unit: "s", queries: quantiles(m("dbStatementSeconds")) },
      { title: "Statements that failed", unit: "ops", queries: perSecond(m("dbErrorsTotal"), "statement") },
      { title: "Wait for a connection", unit: "s", queries: quantiles(m("dbPoolWaitSeconds")) },
      {
        title: "Connections",
        unit: "short",
        queries: [
          each("dbPoolOpenConnections", "open"),
          each("dbPoolInUseConnections", "in use"),
          each("dbPoolWaitingRequests", "statements that wait"),
        ],
      },
      {
        title: "Versions",
        unit: "short",
        queries: [{ expression: `count by (service, version) (${m("buildInfo")})`, legend: "{{service}} {{version}}" }],
      },
    ],
  },
];
