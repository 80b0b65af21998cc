import { type Line, lineChart } from "../charts/line-chart.ts";
import { number, percent } from "../format.ts";
import { type Column, markdownTable } from "../markdown-table.ts";
import { median } from "../summarise.ts";
import type { BloatOptions } from "./options.ts";
import type { BloatRun, BloatSample } from "./record.ts";

interface Phase {
  readonly title: string;
  readonly phase: string;
  readonly samples: readonly BloatSample[];
}

/** The page about a fixed rate with a snapshot held, and its charts. */
export function bloatReport(
  run: BloatRun,
  samples: readonly BloatSample[],
  options: BloatOptions,
): { readonly page: string; readonly charts: Readonly<Record<string, string>> } {
  const { seconds, heldFromSeconds, heldSeconds, perSecond } = options;
  const toSeconds = heldFromSeconds + heldSeconds;
  const marked = { fromSeconds: heldFromSeconds, toSeconds, label: "snapshot held" };
  const chart = (title: string, unit: string, key: "perSecond" | "backlog" | "deadTuples") =>
    lineChart({ title, unit, lines: linesOf(samples, key), marked });
  const charts = {
    "bloat-throughput.svg": chart("Jobs done", "jobs/s", "perSecond"),
    "bloat-backlog.svg": chart("Jobs stored and not done", "jobs", "backlog"),
    "bloat-dead-tuples.svg": chart("Dead tuples", "rows of all tables", "deadTuples"),
  };
  const page = `# A fixed rate and a forgotten snapshot, measured

This page is written by

\`\`\`sh
${run.command}
\`\`\`

Each contender gets ${number(perSecond)} jobs a second for ${number(seconds)} seconds, 100 a call, and does them as they come.
From second ${number(heldFromSeconds)} to second ${number(toSeconds)} a session of its own holds a snapshot, idle in a transaction: as long as it does,
PostgreSQL can't remove a dead row that the snapshot might still see. Autovacuum and all other settings are stock.
At the end every job was done, and done once.

![Jobs done](bloat-throughput.svg)

![Jobs stored and not done](bloat-backlog.svg)

![Dead tuples](bloat-dead-tuples.svg)

${markdownTable(columns, phasesOf(samples, heldFromSeconds, toSeconds))}

Rates are medians of looks ${number(options.sampleSeconds)} s apart; the least is the slowest of them. Dead tuples are those of all tables of the contender,
as \`pg_stat_user_tables\` counts them, at most. "others" is the share of the machine that work which isn't ours used, in the median.

## Settings

${Object.entries(run.settings)
  .map(([title, settings]) => `- ${title}: ${settings}.`)
  .join("\n")}

## Surroundings

- ${run.machine}; the server and the contenders share it.
- ${Object.entries(run.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}.
- Measured on ${run.at.slice(0, 10)}.
`;
  return { page, charts };
}

const columns: readonly Column<Phase>[] = [
  { heading: "", cell: ({ title, phase }) => `${title}, ${phase}` },
  { heading: "jobs/s", cell: ({ samples }) => number(median(samples.map(({ perSecond }) => perSecond))) },
  { heading: "least", cell: ({ samples }) => number(Math.min(...samples.map(({ perSecond }) => perSecond))) },
  { heading: "backlog at most", cell: ({ samples }) => number(Math.max(...samples.map(({ backlog }) => backlog))) },
  { heading: "dead tuples", cell: ({ samples }) => number(Math.max(...samples.map(({ deadTuples }) => deadTuples))) },
  { heading: "most of them in", cell: ({ samples }) => worstOf(samples) },
  { heading: "on disk MB", cell: ({ samples }) => number((samples.at(-1)?.bytes ?? 0) / 1e6) },
  { heading: "others", cell: ({ samples }) => percent(median(samples.map(({ otherShare }) => otherShare ?? 0))) },
];

/** Before, while and after the snapshot is held. */
export function phasesOf(samples: readonly BloatSample[], heldFrom: number, heldTo: number): readonly Phase[] {
  const phases = [
    { phase: "before", holds: (seconds: number) => seconds <= heldFrom },
    { phase: "while it is held", holds: (seconds: number) => seconds > heldFrom && seconds <= heldTo },
    { phase: "after", holds: (seconds: number) => seconds > heldTo },
  ];
  return [...Map.groupBy(samples, ({ title }) => title)].flatMap(([title, own]) =>
    phases
      .map(({ phase, holds }) => ({ title, phase, samples: own.filter(({ seconds }) => holds(seconds)) }))
      .filter((row) => row.samples.length > 0),
  );
}

function worstOf(samples: readonly BloatSample[]): string {
  const last = samples.toSorted((a, b) => b.deadTuples - a.deadTuples)[0];
  const [table] = Object.entries(last?.worst ?? {})[0] ?? ["–"];
  return table;
}

function linesOf(samples: readonly BloatSample[], key: "perSecond" | "backlog" | "deadTuples"): readonly Line[] {
  return [...Map.groupBy(samples, ({ title }) => title)].map(([label, own]) => ({
    label,
    points: own.map((sample) => [sample.seconds, sample[key]] as const),
    ours: own[0]?.name === "millrace",
  }));
}
