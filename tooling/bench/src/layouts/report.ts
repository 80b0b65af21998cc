import { canReadCpu } from "../cpu-time.ts";
import { markdownTable, type Column } from "../markdown-table.ts";
import type { Summary } from "../summarise.ts";
import { layouts } from "./layout.ts";

/** Everything that the report says. */
export interface Findings {
  readonly command: string;
  /** Facts about the machine and the versions, a line each. */
  readonly surroundings: readonly string[];
  readonly jobs: number;
  readonly batch: number;
  readonly largeJobs: number;
  readonly largeBatch: number;
  readonly drains: readonly Summary[];
  readonly largeDrains: readonly Summary[];
  readonly lookups: readonly Summary[];
}

const variant: Column<Summary> = { heading: "layout", cell: (row) => row.variant };

/** The table of a drain: costs for each job, each followed by how many times the baseline's it is. */
export function drainTable(summaries: readonly Summary[]): string {
  return markdownTable(
    [
      variant,
      ...cpuColumns(),
      figure("WAL bytes", "walBytes", 0),
      times("walBytes"),
      figure("jobs/s", "perSecond", 0),
      times("perSecond"),
      figure("HOT", "hotShare", 0, 100, " %"),
      figure("locks", "locks", 0),
      figure("on disk", "bytes", 0, 1e-6, " MB"),
    ],
    summaries,
  );
}

/** The table of the reads by id: costs for each read. */
export function lookupTable(summaries: readonly Summary[]): string {
  return markdownTable(
    [
      { ...variant, heading: "finished jobs in" },
      ...cpuColumns(),
      figure("reads/s", "perSecond", 0),
      times("perSecond"),
    ],
    summaries,
  );
}

/** The whole page. */
export function reportOf(findings: Findings): string {
  const { jobs, batch, largeJobs, largeBatch } = findings;
  return `# Layouts of the jobs tables, measured

What [ADR 4](../adr/0004-jobs-layout.md) rests on. This page is written by

\`\`\`sh
${findings.command}
\`\`\`

Every figure is the median over the rounds; CPU times and WAL are for each job or read. CPU times come from \`/proc\`, so only Linux
shows them. A column × says how many times the first line's figure that is, as the median of the comparisons within a round, and
the range is from the round where that was least to the one where it was most. The order of the layouts turns around from round
to round. Compare CPU time and WAL: a rate also holds what else the machine did.

## Draining ${number(jobs)} small jobs

Two connections empty a full queue of jobs with payloads of about 75 bytes. One statement, one commit, finishes up to ${batch} jobs
and claims the next. HOT is the share of the updates that touched no index. Locks are the tables and indexes that one such statement
locks: a session of PostgreSQL 18 has room for 64, one of 17 and before for 16, then it turns to the lock table that all sessions
share. On disk is everything after the drain, not vacuumed.

${drainTable(findings.drains)}

${layouts.map(({ name, summary }) => `- \`${name}\`: ${summary}.`).join("\n")}

## Draining ${number(largeJobs)} jobs with 20 kB of payload

The same with payloads that no compression helps, so that they are kept outside their rows; up to ${largeBatch} jobs a turn.

${drainTable(findings.largeDrains)}

## Reading a finished job by tenant and id

One after the other, each from a table of 40,000.

${lookupTable(findings.lookups)}

## Surroundings

${findings.surroundings.map((fact) => `- ${fact}`).join("\n")}
`;
}

function cpuColumns(): readonly Column<Summary>[] {
  if (!canReadCpu) return [];
  return [
    figure("PostgreSQL µs", "serverMicros", 1),
    figure("Node µs", "nodeMicros", 1),
    figure("both µs", "cpuMicros", 1),
    times("cpuMicros"),
    { heading: "range", cell: ({ spreads }) => cell(spreads["cpuMicros"], (range) => range.map(ratio).join("–")) },
  ];
}

function figure(heading: string, name: string, digits: number, factor = 1, unit = ""): Column<Summary> {
  return { heading, cell: ({ medians }) => cell(medians[name], (it) => `${number(it * factor, digits)}${unit}`) };
}

function times(name: string): Column<Summary> {
  return { heading: "×", cell: ({ ratios }) => cell(ratios[name], ratio) };
}

function cell<Value>(value: Value | undefined, format: (value: Value) => string): string {
  return value === undefined ? "–" : format(value);
}

function ratio(value: number): string {
  return value.toFixed(2);
}

function number(value: number, digits = 0): string {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
