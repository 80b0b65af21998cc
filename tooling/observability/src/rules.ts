import { stringify } from "yaml";

import type { Alert } from "./alert.ts";
import { alertsOf, type Recording, recordingsOf } from "./burn-rates.ts";
import { objectives } from "./objectives.ts";
import { thresholds } from "./thresholds.ts";

const runbooks = "https://github.com/millrace/millrace/blob/main/docs/operations/runbooks";

/** Every recording and every alert there is. */
export const recordings: readonly Recording[] = objectives.flatMap(recordingsOf);
export const alerts: readonly Alert[] = [...objectives.flatMap(alertsOf), ...thresholds];

/** The rules as Prometheus reads them. */
export function formatRules(): string {
  const groups = [
    {
      name: "millrace-objectives",
      rules: recordings.map(({ record, expression }) => ({ record, expr: expression })),
    },
    { name: "millrace-alerts", rules: alerts.map(formatAlert) },
  ];
  return `# Generated from tooling/observability; run its \`generate\` script after a change.\n${stringify({ groups }, { lineWidth: 0 })}`;
}

function formatAlert({ name, expression, holds, severity, summary, runbook }: Alert): object {
  return {
    alert: `Millrace${name}`,
    expr: expression,
    for: holds,
    labels: { severity },
    annotations: { summary, runbook_url: `${runbooks}/${runbook}.md` },
  };
}
