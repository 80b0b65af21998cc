import { parser } from "@prometheus-io/lezer-promql";

/** What an expression of PromQL asks for. */
export interface ReadExpression {
  /** True where all of it is understood. */
  readonly isValid: boolean;
  readonly metrics: readonly string[];
  /** Labels that it selects or groups by. */
  readonly labels: readonly string[];
}

/** Reads an expression with Prometheus's own grammar. */
export function readExpression(expression: string): ReadExpression {
  // Grafana's own, which it replaces by a duration.
  const text = expression.replaceAll("$__rate_interval", "5m");
  let isValid = true;
  const metrics = new Set<string>();
  const labels = new Set<string>();
  parser.parse(text).iterate({
    enter({ type, from, to, node }) {
      if (type.isError) isValid = false;
      const word = text.slice(from, to);
      const parent = node.parent?.name ?? "";
      if (type.name === "Identifier" && parent === "VectorSelector") metrics.add(word);
      if (type.name === "LabelName") labels.add(word);
    },
  });
  return { isValid, metrics: [...metrics], labels: [...labels] };
}
