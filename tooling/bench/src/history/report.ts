import { number, significant } from "../format.ts";
import { type Column, markdownTable } from "../markdown-table.ts";
import type { OperationLatency } from "./operations.ts";

/** What was found with few and with many finished jobs. */
export interface HistoryFindings {
  readonly command: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly finished: number;
  readonly samples: number;
  readonly historyBytes: number;
  readonly few: number;
  readonly before: readonly OperationLatency[];
  readonly after: readonly OperationLatency[];
}

interface Row {
  readonly operation: string;
  readonly before: OperationLatency;
  readonly after: OperationLatency;
}

/** The page about what finished jobs cost. */
export function historyReport(findings: HistoryFindings): string {
  const { few, finished, samples, historyBytes, machine, versions } = findings;
  return `# Finished jobs, measured

This page is written by

\`\`\`sh
${findings.command}
\`\`\`

The same operations through the store, one call at a time, with ${number(few)} completed jobs in history and again after ${number(finished)} more were
loaded into it (${significant(historyBytes / 1e9)} GB with indexes, spread over a week and twenty queues). About 2,000 jobs are pending both times. ${number(samples)} calls each;
milliseconds.

${markdownTable(columns(few, finished), rowsOf(findings))}

- ${machine}; the server and the caller share it.
- ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}; stock settings.
`;
}

function columns(few: number, finished: number): readonly Column<Row>[] {
  return [
    { heading: "operation", cell: ({ operation }) => operation },
    { heading: `p50, ${number(few)} finished`, cell: ({ before }) => significant(before.p50Ms) },
    { heading: `p50, ${number(finished)}`, cell: ({ after }) => significant(after.p50Ms) },
    { heading: "×", cell: ({ before, after }) => significant(after.p50Ms / before.p50Ms) },
    { heading: `p99, ${number(few)} finished`, cell: ({ before }) => significant(before.p99Ms) },
    { heading: `p99, ${number(finished)}`, cell: ({ after }) => significant(after.p99Ms) },
  ];
}

/** Operations that were measured both times. */
export function rowsOf(findings: Pick<HistoryFindings, "before" | "after">): readonly Row[] {
  return findings.before.flatMap((before) => {
    const { operation } = before;
    const after = findings.after.find((other) => other.operation === operation);
    return after === undefined ? [] : [{ operation, before, after }];
  });
}
