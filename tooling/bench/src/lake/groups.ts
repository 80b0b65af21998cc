/** A column of a table about the lake: a value by its name. */
export interface LakeColumn {
  readonly heading: string;
  readonly key: string;
}

/** How a measure of the lake is told. */
export interface LakeGroup {
  /** The measure's name. */
  readonly name: string;
  readonly heading: string;
  readonly text: string;
  /** The heading of the first column. */
  readonly first: string;
  readonly columns: readonly LakeColumn[];
  readonly chart?: { readonly title: string; readonly unit: string; readonly key: string };
}

const cost: readonly LakeColumn[] = [
  { heading: "API µs", key: "apiMicros" },
  { heading: "worker µs", key: "workerMicros" },
  { heading: "PostgreSQL µs", key: "serverMicros" },
];
const costWithLog: readonly LakeColumn[] = [...cost, { heading: "WAL bytes", key: "walBytes" }];

/** Quantiles of a time that measures have as `ackP50Ms`; only the first heading says of what. */
const quantiles = (what: string, key: string, percentiles: readonly number[] = [50, 95, 99]): readonly LakeColumn[] =>
  percentiles.map((percentile, at) => ({
    heading: at === 0 ? `${what} p${percentile} ms` : `p${percentile}`,
    key: `${key}P${percentile}Ms`,
  }));

/** The groups of the report, in order. */
export const groups: readonly LakeGroup[] = [
  {
    name: "rates",
    heading: "At a fixed rate",
    text: "Requests come at fixed times, whether the ones before them are answered or not, so that a delay counts for all that it holds up. Ack is the time from when a request was due until it is answered, which is after the commit. Visible is the time until an event can be queried: twenty single events a second, beside the others, whose requests wait for it. CPU and write-ahead log are for one event, from the request to the lake.",
    first: "rate",
    columns: [
      { heading: "events/s", key: "perSecond" },
      ...quantiles("ack", "ack"),
      ...quantiles("visible", "visible"),
      { heading: "snapshots/s", key: "snapshotsPerSecond" },
      ...costWithLog,
    ],
    chart: { title: "From request to query, p95", unit: "ms", key: "visibleP95Ms" },
  },
  {
    name: "ceiling",
    heading: "As fast as it goes",
    text: "Four connections send batches of 1,000, and pause while more than 100,000 events wait to be written. The rate is that of the watermark: events that can be queried.",
    first: "",
    columns: [
      { heading: "events/s", key: "perSecond" },
      { heading: "waiting at the end", key: "backlog" },
      ...quantiles("ack", "ack"),
      ...costWithLog,
    ],
  },
  {
    name: "publish",
    heading: "What a snapshot costs",
    text: "One event at a time, each sent when the one before it can be queried, with a flush after 10 ms: every snapshot holds one file with one row. Publish is the worker's time from its claim to the commit, mean. CPU and write-ahead log are for one snapshot, with the request that brought the event.",
    first: "",
    columns: [{ heading: "publish ms", key: "publishMs" }, ...quantiles("visible", "visible"), ...costWithLog],
  },
  {
    name: "files",
    heading: "A query, and what files cost",
    text: "100,000 rows in so many files of equal size; sums by one of seven groups. The query goes over HTTP, through the sandbox in its child process, and is answered as JSON; beside it DuckDB alone reads the same files in a process of its own, without a catalogue, one right after the other, in pairs. The first query has the files fetched, where they are in a bucket.",
    first: "files",
    columns: [
      { heading: "live files", key: "files" },
      ...quantiles("DuckDB", "bare", [50, 95]),
      ...quantiles("query", "query", [50, 95]),
      ...quantiles("over", "over", [50, 95]),
      { heading: "first query ms", key: "coldMs" },
      { heading: "pairs", key: "pairs" },
    ],
    chart: { title: "Query over HTTP beyond DuckDB alone, p50", unit: "ms", key: "overP50Ms" },
  },
  {
    name: "compaction",
    heading: "Compaction",
    text: "100,000 rows in so many files; from the request for a compaction until its job is done and the files are merged. CPU is for one row.",
    first: "files",
    columns: [
      { heading: "live files", key: "files" },
      { heading: "left", key: "filesLeft" },
      { heading: "rows/s", key: "perSecond" },
      { heading: "files/s", key: "filesPerSecond" },
      ...cost,
    ],
  },
];
