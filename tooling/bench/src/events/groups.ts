/** How a measure of events is told. */
export interface EventGroup {
  /** The measure's name. */
  readonly name: string;
  readonly heading: string;
  readonly text: string;
  /** Whether requests have latencies of their own. */
  readonly hasLatency: boolean;
}

/** The groups of the report, in order. */
export const groups: readonly EventGroup[] = [
  {
    name: "singles-1",
    heading: "One event a request, one caller",
    text: "One connection sends an event, waits for the answer, and sends the next.",
    hasLatency: true,
  },
  {
    name: "singles-32",
    heading: "One event a request, 32 callers",
    text: "The same with 32 connections. The API publishes what has come meanwhile in one transaction; INSERT alone commits each row.",
    hasLatency: true,
  },
  {
    name: "singles-256",
    heading: "One event a request, 256 callers",
    text: "The same with 256 connections.",
    hasLatency: true,
  },
  {
    name: "batch-100",
    heading: "100 events a request",
    text: "JSON bodies of 100 records, 8 connections.",
    hasLatency: true,
  },
  {
    name: "batch-1000",
    heading: "1,000 events a request",
    text: "JSON bodies of 1,000 records, 4 connections.",
    hasLatency: true,
  },
  {
    name: "ndjson",
    heading: "A stream of NDJSON",
    text: "Two uploads at the same time, a record a line, published in parts of 1,000.",
    hasLatency: false,
  },
];
