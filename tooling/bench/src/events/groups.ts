/** How a measure of events is told. */
export interface EventGroup {
  /** The measure's name. */
  readonly name: string;
  readonly heading: string;
  readonly text: string;
  /** What is compared: `events` in a second, with the latencies of `requests` or without, or how long the `acks` of a tenant take. */
  readonly compares: "requests" | "events" | "acks";
}

/** The groups of the report, in order. */
export const groups: readonly EventGroup[] = [
  {
    name: "singles-1",
    heading: "One event a request, one caller",
    text: "One connection sends an event, waits for the answer, and sends the next.",
    compares: "requests",
  },
  {
    name: "singles-32",
    heading: "One event a request, 32 callers",
    text: "The same with 32 connections. The API publishes what has come meanwhile in one transaction; INSERT alone commits each row.",
    compares: "requests",
  },
  {
    name: "singles-256",
    heading: "One event a request, 256 callers",
    text: "The same with 256 connections.",
    compares: "requests",
  },
  {
    name: "batch-100",
    heading: "100 events a request",
    text: "JSON bodies of 100 records, 8 connections.",
    compares: "requests",
  },
  {
    name: "batch-1000",
    heading: "1,000 events a request",
    text: "JSON bodies of 1,000 records, 4 connections.",
    compares: "requests",
  },
  {
    name: "ndjson",
    heading: "A stream of NDJSON",
    text: "Two uploads at the same time, a record a line, published in parts of 1,000.",
    compares: "events",
  },
  {
    name: "flood",
    heading: "A tenant beside another one's flood",
    text: "A calm tenant sends 100 single events a second; the times are those of its answers. It does so alone, then while another tenant sends batches of 100 from 64 connections, each the next one as soon as it has an answer, while it sends single events so, and while another tenant uploads one stream of NDJSON without end. Here × is the 95th percentile beside that of the calm tenant alone in the same round. The aim is 2 at most. What makes the load takes its share of the machine's two cores too.",
    compares: "acks",
  },
];
