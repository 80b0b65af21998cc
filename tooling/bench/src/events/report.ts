import { type Bar, barChart } from "../charts/bar-chart.ts";
import { percent, significant } from "../format.ts";
import { type Column, markdownTable } from "../markdown-table.ts";
import type { BenchRecord, FailureRecord, RunRecord, SampleRecord } from "../queues/record.ts";
import type { Report } from "../queues/report.ts";
import { cell, failuresOf, type Row, rowsOf, settingsOf } from "../queues/rows.ts";
import { type EventGroup, groups } from "./groups.ts";

/** Writes up the records of one run. @throws Error when they don't say what run that was */
export function eventsReport(records: readonly BenchRecord[]): Report {
  const run = records.find((record): record is RunRecord => record.kind === "run");
  if (run === undefined) throw new Error("The records don't begin with their run");
  const samples = records.filter((record): record is SampleRecord => record.kind === "sample");
  const failures = records.filter((record): record is FailureRecord => record.kind === "failure");
  const present = groups
    .map((group) => ({ group, rows: rowsOf({ name: group.name, key: keyOf(group) }, samples) }))
    .filter(({ rows }) => rows.length > 0);
  return {
    page: pageOf(
      run,
      present.map(({ group, rows }) => sectionOf(group, rows)),
      settingsOf(samples),
      failuresOf(failures),
    ),
    charts: Object.fromEntries(present.map(({ group, rows }) => [chartName(group), chartOf(group, rows)])),
  };
}

function pageOf(run: RunRecord, sections: readonly string[], settings: string, failures: string): string {
  return `# Events in, measured

\`POST /v1/ingest/{table}\` beside what it is made of. This page is written by

\`\`\`sh
${run.command}
\`\`\`

## How to read it

- Every figure is the median of ${run.rounds === 1 ? "one round" : `${run.rounds} rounds`}; a range goes from the slowest to the fastest. All contenders of a measure run right after one another, in an order that turns around from round to round.
- The contenders are no rivals: each leaves out most of the work, and shows what that part costs. Only Millrace authenticates, checks each record against the table, knows keys for seven days, hands out offsets in the order of commits, and has it all on disk before it answers.
- A column × says how many times Millrace's events a second that is, as the median of the comparisons within a round. **Compare ratios and CPU time**: a rate also holds what else the machine did.
- CPU is what the store (PostgreSQL, or NATS, or both) and the process in front of it used for one event, without what makes the load. It comes from \`/proc\`, so only Linux shows it.
- "others" is the share of the machine that work which isn't ours used meanwhile, in the median and, in brackets, in the worst round.
- Each measurement starts with an empty database of its own on one PostgreSQL with stock settings, fsync included. The API is a process of its own as it is deployed, with a log line for every request. A part of the load is sent before the clock starts; then tables are analysed and a checkpoint is made.
- A record has eight columns and about 220 bytes of JSON; every key is new. Nothing reads the log meanwhile. Each run checks that the logs hold exactly what was accepted.

${sections.join("\n\n")}

## Settings

${settings}

## Surroundings

- ${run.machine}; the stores, the API and the load generators share it.
- ${Object.entries(run.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}.
- Measured on ${run.at.slice(0, 10)}.${failures}
`;
}

function sectionOf(group: EventGroup, rows: readonly Row[]): string {
  return `## ${group.heading}

${group.text}

![${group.heading}](${chartName(group)})

${markdownTable(columnsOf(group), rows)}`;
}

/** What a group's contenders are compared by. */
function keyOf({ compares }: EventGroup): "perSecond" | "p95Ms" {
  return compares === "acks" ? "p95Ms" : "perSecond";
}

function columnsOf(group: EventGroup): readonly Column<Row>[] {
  const value = (heading: string, key: string): Column<Row> => ({
    heading,
    cell: ({ medians }) => cell(medians[key], significant),
  });
  const title: Column<Row> = {
    heading: "",
    cell: ({ title: own, variant }) => (variant === "millrace" ? `**${own}**` : own),
  };
  const range = { heading: "range", cell: (row: Row) => row.range.map(significant).join("–") };
  const ratio = { heading: "×", cell: ({ ratios }: Row) => cell(ratios[keyOf(group)], significant) };
  const others: Column<Row> = {
    heading: "others",
    cell: ({ medians, otherMost }) => cell(medians["otherShare"], (it) => `${percent(it)} (${percent(otherMost)})`),
  };
  const [p50, p95, p99] = [value("p50 ms", "p50Ms"), value("p95 ms", "p95Ms"), value("p99 ms", "p99Ms")];
  if (group.compares === "acks") {
    return [title, p50, p95, range, p99, ratio, value("events/s of the flood", "floodPerSecond"), others];
  }
  return [
    title,
    value("events/s", "perSecond"),
    range,
    ...(group.compares === "requests" ? [value("requests/s", "requestsPerSecond"), p50, p95, p99] : []),
    ratio,
    value("store µs", "serverMicros"),
    value("process µs", "clientMicros"),
    value("CPU µs", "cpuMicros"),
    others,
  ];
}

function chartName({ name }: EventGroup): string {
  return `events-${name}.svg`;
}

function chartOf(group: EventGroup, rows: readonly Row[]): string {
  const key = keyOf(group);
  const unit = key === "p95Ms" ? "ms" : "events/s";
  const bars = rows.map(({ title, variant, medians, rounds, range }): Bar => ({
    label: title,
    value: medians[key] ?? 0,
    range: rounds > 1 ? range : undefined,
    ours: variant.startsWith("millrace"),
  }));
  const shown = key === "p95Ms" ? "95th percentile of answers" : "events/s";
  return barChart({ title: `${group.heading}, ${shown}`, unit, bars });
}
