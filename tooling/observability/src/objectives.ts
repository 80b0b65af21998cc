import { metricName } from "@millrace/telemetry";

/** A service level objective over requests: what share of them may be bad in 30 days. */
export interface Objective {
  /** Part of the names of its rules, in snake case. */
  readonly name: string;
  /** What is promised, as the alert says it. */
  readonly promise: string;
  /** The share that has to be good, such as 0.999. */
  readonly target: number;
  /** The share of bad ones over a window such as `5m`. */
  readonly badShare: (window: string) => string;
  /** File below docs/operations/runbooks, without its ending. */
  readonly runbook: string;
}

const requests = metricName("httpRequestsTotal");
const requestSeconds = metricName("httpRequestDurationSeconds");
const visibleSeconds = metricName("lakeVisibleSeconds");

/** Probes and scrapes are not what users see. */
const probes = "/v1/(health|ready|metrics)";
/** Requests that wait on purpose, or for as long as a query takes. */
const patient = ".*/(wait|events|claim|query)|/v1/ingest/.*";

/** Selects the bucket of a bound in seconds. Prometheus keeps `5` as it is scraped up to version 2, and makes `5.0` of it from version 3 on. */
const bound = (seconds: number): string => (Number.isInteger(seconds) ? `le=~"${seconds}([.]0)?"` : `le="${seconds}"`);

/** The promises that alerts are made from; docs/operations/watching.md says what each means. */
export const objectives: readonly Objective[] = [
  {
    name: "api_availability",
    promise: "99.9 % of requests are answered without a fault of ours",
    target: 0.999,
    badShare: (window) =>
      `(sum(rate(${requests}{route!~"${probes}",status=~"5.."}[${window}])) or vector(0)) / sum(rate(${requests}{route!~"${probes}"}[${window}]))`,
    runbook: "api-availability",
  },
  {
    name: "api_latency",
    promise: "99 % of requests that wait for nothing are answered within 250 ms",
    target: 0.99,
    badShare: (window) => {
      const labels = `route!~"${probes}|${patient}"`;
      return `1 - sum(rate(${requestSeconds}_bucket{${labels},${bound(0.25)}}[${window}])) / sum(rate(${requestSeconds}_count{${labels}}[${window}]))`;
    },
    runbook: "api-latency",
  },
  {
    name: "write_to_visible",
    promise: "99 % of writes to the lake show their oldest event within 5 seconds of its acceptance",
    target: 0.99,
    badShare: (window) =>
      `1 - sum(rate(${visibleSeconds}_bucket{${bound(5)}}[${window}])) / sum(rate(${visibleSeconds}_count[${window}]))`,
    runbook: "write-to-visible",
  },
];
