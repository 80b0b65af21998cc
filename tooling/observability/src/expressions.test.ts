import { describe, expect, test } from "vitest";

import { metricCatalogue, type MetricDeclaration, type MetricKey, metricName } from "@millrace/telemetry";

import { dashboards } from "./dashboards/dashboards.ts";
import { alerts, recordings } from "./rules.ts";
import { readExpression } from "./testing/read-expression.ts";

/** The series of each declared metric, with the labels that each has. */
const series = new Map<string, ReadonlySet<string>>(
  (Object.entries(metricCatalogue) as [MetricKey, MetricDeclaration][]).flatMap(([key, { kind, labels }]) => {
    const names = [...Object.keys(labels), "job", "instance"];
    if (kind !== "histogram") return [[metricName(key), new Set(names)]];
    return [
      [`${metricName(key)}_bucket`, new Set([...names, "le"])],
      [`${metricName(key)}_count`, new Set(names)],
      [`${metricName(key)}_sum`, new Set(names)],
    ];
  }),
);
/** Prometheus's own, and what the rules record; these have no labels. */
const others = new Map<string, ReadonlySet<string>>([
  ["up", new Set(["job", "instance"])],
  ...recordings.map(({ record }) => [record, new Set<string>()] as const),
]);

const all = [
  ...recordings.map(({ record, expression }) => ({ of: record, expression })),
  ...alerts.map(({ name, expression }) => ({ of: name, expression })),
  ...dashboards.flatMap(({ title, panels }) =>
    panels.flatMap((panel) => panel.queries.map(({ expression }) => ({ of: `${title}, ${panel.title}`, expression }))),
  ),
];

describe.each(all)("the expression of $of", ({ expression }) => {
  const { isValid, metrics, labels } = readExpression(expression);

  test("is understood by Prometheus's grammar", () => {
    expect(isValid).toBe(true);
  });

  test("names metrics that exist, and labels that they have", () => {
    const known = metrics.map((name) => [name, series.get(name) ?? others.get(name)] as const);
    expect(known.filter(([, has]) => has === undefined)).toEqual([]);
    expect(labels.filter((label) => !known.some(([, has]) => has?.has(label)))).toEqual([]);
  });
});

test("a metric or a label that does not exist is noticed", () => {
  const { metrics, labels } = readExpression('sum by (tenant) (rate(millrace_nothing_total{queue="a"}[5m]))');
  expect(metrics).toEqual(["millrace_nothing_total"]);
  expect(labels.toSorted()).toEqual(["queue", "tenant"]);
  expect(readExpression("sum(rate(millrace_nothing_total[5m])").isValid).toBe(false);
});

test("every bound of a bucket that is asked for is one that the histogram has", () => {
  const bounds = all.flatMap(({ expression }) => [
    ...expression.matchAll(/(?<name>millrace_\w+)_bucket\{[^}]*le=~?"(?<bound>[\d.]+)(?<also>[^"]*)"/g),
  ]);
  expect(bounds.length).toBeGreaterThan(0);
  for (const { groups } of bounds) {
    const found = (Object.entries(metricCatalogue) as [MetricKey, MetricDeclaration][]).find(
      ([key]) => metricName(key) === groups?.["name"],
    );
    const declaration = found?.[1];
    const bound = Number(groups?.["bound"]);
    expect(declaration?.kind === "histogram" ? declaration.buckets : []).toContain(bound);
    // Prometheus writes 5 as `5` or, from version 3 on, as `5.0`.
    expect(groups?.["also"]).toBe(Number.isInteger(bound) ? "([.]0)?" : "");
  }
});
