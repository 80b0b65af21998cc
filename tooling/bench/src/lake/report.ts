import { barChart } from "../charts/bar-chart.ts";
import { percent, significant } from "../format.ts";
import { markdownTable } from "../markdown-table.ts";
import type { BenchRecord, FailureRecord, RunRecord, SampleRecord } from "../queues/record.ts";
import type { Report } from "../queues/report.ts";
import { cell, failuresOf, type Row, rowsOf } from "../queues/rows.ts";
import { type LakeGroup, groups } from "./groups.ts";

/** Writes up the records of one run; charts are named after the page. @throws Error when they don't say what run that was */
export function lakeReport(records: readonly BenchRecord[], pageName: "lake" | "lake-s3"): Report {
  const run = records.find((record): record is RunRecord => record.kind === "run");
  if (run === undefined) throw new Error("The records don't begin with their run");
  const samples = records.filter((record): record is SampleRecord => record.kind === "sample");
  const failures = records.filter((record): record is FailureRecord => record.kind === "failure");
  const present = groups
    .map((group) => ({
      group,
      rows: rowsOf({ name: group.name, key: group.chart?.key ?? "perSecond" }, samples),
      chart: `${pageName}-${group.name}.svg`,
    }))
    .filter(({ rows }) => rows.length > 0);
  return {
    page: `# The lake, measured${pageName === "lake" ? "" : ", on S3"}

From a request that brings events to a query that sees them. This page is written by

\`\`\`sh
${run.command}
\`\`\`

## How to read it

- One API process and one worker process as they are deployed, with defaults, on one PostgreSQL with stock settings, fsync included${pageName === "lake" ? "; files are in a folder on the same disk" : "; files are on a server for S3 on this machine, whose CPU counts as that of others"}. Each measurement has a database and a lake of its own.
- Every figure is the median of ${run.rounds === 1 ? "one round" : `${run.rounds} rounds`}. CPU comes from \`/proc\`, so only Linux shows it.
- "others" is the share of the machine that work which isn't ours used meanwhile, in the median and, in brackets, in the worst round. Latencies on a busy machine say more about it than about us.
- A record has eight columns and about 220 bytes of JSON; every key is new.
- Each run ends with a query that finds exactly the rows that were accepted.

${present.map(({ group, rows, chart }) => sectionOf(group, rows, chart)).join("\n\n")}

## Surroundings

- ${run.machine}; the server, the API, the worker and the load generator share it.
- ${Object.entries(run.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}.
- Measured on ${run.at.slice(0, 10)}.${failuresOf(failures)}
`,
    charts: Object.fromEntries(
      present.flatMap(({ group, rows, chart }) =>
        group.chart === undefined ? [] : [[chart, chartOf(group.chart, rows)]],
      ),
    ),
  };
}

function sectionOf(
  { heading, text, first, columns, chart }: LakeGroup,
  rows: readonly Row[],
  chartName: string,
): string {
  const table = markdownTable<Row>(
    [
      { heading: first, cell: ({ title }) => title },
      ...columns.map(({ heading: name, key }) => ({
        heading: name,
        cell: ({ medians }: Row) => cell(medians[key], significant),
      })),
      {
        heading: "others",
        cell: ({ medians, otherMost }) => cell(medians["otherShare"], (it) => `${percent(it)} (${percent(otherMost)})`),
      },
    ],
    rows,
  );
  const picture = chart === undefined ? "" : `![${chart.title}](${chartName})\n\n`;
  return `## ${heading}\n\n${text}\n\n${picture}${table}`;
}

function chartOf({ title, unit, key }: NonNullable<LakeGroup["chart"]>, rows: readonly Row[]): string {
  const bars = rows.map((row) => ({
    label: row.title,
    value: row.medians[key] ?? 0,
    range: row.rounds > 1 ? row.range : undefined,
    ours: true,
  }));
  return barChart({ title: `${title}, ${unit}`, unit, bars });
}
