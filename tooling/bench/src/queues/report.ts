import { type Bar, barChart } from "../charts/bar-chart.ts";
import { percent, significant } from "../format.ts";
import { type Column, markdownTable } from "../markdown-table.ts";
import { type Group, groups } from "./groups.ts";
import type { BenchRecord, FailureRecord, RunRecord, SampleRecord } from "./record.ts";
import { cell, failuresOf, type Row, rowsOf, settingsOf } from "./rows.ts";

/** The page and its charts, by file name. */
export interface Report {
  readonly page: string;
  readonly charts: Readonly<Record<string, string>>;
}

/** Writes up the records of one run. @throws Error when they don't say what run that was */
export function reportOf(records: readonly BenchRecord[]): Report {
  const run = records.find((record): record is RunRecord => record.kind === "run");
  if (run === undefined) throw new Error("The records don't begin with their run");
  const samples = records.filter((record): record is SampleRecord => record.kind === "sample");
  const failures = records.filter((record): record is FailureRecord => record.kind === "failure");
  const present = groups.filter(({ name }) => samples.some(({ measure }) => measure === name));
  const sections = present.map((group) => sectionOf(group, rowsOf(group, samples)));
  return {
    page: pageOf(run, samples, failures, sections),
    charts: Object.fromEntries(present.map((group) => [chartName(group), chartOf(group, rowsOf(group, samples))])),
  };
}

function pageOf(
  run: RunRecord,
  samples: readonly SampleRecord[],
  failures: readonly FailureRecord[],
  sections: readonly string[],
): string {
  return `# Queues, measured

Millrace beside pg-boss, graphile-worker and BullMQ. This page is written by

\`\`\`sh
${run.command}
\`\`\`

## How to read it

- Every figure is the median of ${run.rounds === 1 ? "one round" : `${run.rounds} rounds`}; a range goes from the slowest to the fastest. All contenders of a measure run right after one another, in an order that turns around from round to round.
- A column × says how many times faster Millrace at its defaults is, as the median of the comparisons within a round. **Compare ratios and CPU time**: a rate also holds what else the machine did.
- CPU is what the store and the processes of the contender used for one job. It comes from \`/proc\`, so only Linux shows it.
- "others" is the share of the machine that work which isn't ours used meanwhile, in the median and, in brackets, in the worst round.
- Each measurement starts with an empty database of its own on one PostgreSQL with stock settings, fsync and autovacuum included, or an empty Redis that writes to disk before it answers. One process stores the jobs, one does them, for each contender alike. Before the clock starts, some thousand jobs are stored and done, tables are analysed and a checkpoint is made.
- Each run checks that every job was done, and done once: by counting in the handler, and by asking the queue's own tables afterwards.
- A job carries about 75 bytes. Its handler does nothing, so these are costs of the queue alone; work that takes milliseconds hides most of the differences.
- The settings of the rivals are the best of the few that we tried. Their authors may know better ones.

${sections.join("\n\n")}

## Settings

${settingsOf(samples)}

## Surroundings

- ${run.machine}; the stores, the contenders and the load generators share it.
- ${Object.entries(run.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}.
- BullMQ's PostgreSQL backend is the one that the package itself brings (\`createPostgresBackend\`).
- Measured on ${run.at.slice(0, 10)}.${failuresOf(failures)}
`;
}

function sectionOf(group: Group, rows: readonly Row[]): string {
  return `## ${group.heading}

${group.text}

![${group.heading}](${chartName(group)})

${markdownTable(columnsOf(group), rows)}`;
}

function columnsOf(group: Group): readonly Column<Row>[] {
  const { key, unit, latency } = group;
  const values: readonly Column<Row>[] =
    key === "perSecond"
      ? [
          { heading: unit, cell: (row) => cell(row.medians[key], significant) },
          { heading: "range", cell: ({ range }) => range.map(significant).join("–") },
        ]
      : [];
  const latencies: readonly Column<Row>[] =
    latency === undefined
      ? []
      : [
          { heading: `${latency} p50 ms`, cell: (row) => cell(row.medians["p50Ms"], significant) },
          { heading: "p99 ms", cell: (row) => cell(row.medians["p99Ms"], significant) },
        ];
  return [
    { heading: "", cell: ({ title, variant }) => (variant === "millrace" ? `**${title}**` : title) },
    ...values,
    ...latencies,
    { heading: "×", cell: ({ ratios }) => cell(ratios[key], (it) => significant(key === "perSecond" ? 1 / it : it)) },
    { heading: "store µs", cell: ({ medians }) => cell(medians["serverMicros"], significant) },
    { heading: "processes µs", cell: ({ medians }) => cell(medians["clientMicros"], significant) },
    { heading: "CPU µs", cell: ({ medians }) => cell(medians["cpuMicros"], significant) },
    {
      heading: "others",
      cell: ({ medians, otherMost }) => cell(medians["otherShare"], (it) => `${percent(it)} (${percent(otherMost)})`),
    },
  ];
}

function chartName({ name }: Group): string {
  return `queues-${name}.svg`;
}

function chartOf({ heading, unit, key }: Group, rows: readonly Row[]): string {
  const bars = rows.map(({ title, variant, medians, rounds, range }): Bar => ({
    label: title,
    value: medians[key] ?? 0,
    range: rounds > 1 ? range : undefined,
    ours: variant.startsWith("millrace"),
  }));
  return barChart({ title: `${heading}, ${unit}`, unit, bars });
}
