import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { type MetricDeclaration, type MetricKey, metricCatalogue, metricName } from "./catalogue.ts";
import { metricsReference } from "./reference.ts";

const declarations = Object.entries(metricCatalogue) as [MetricKey, MetricDeclaration][];

const units = {
  counter: /_total$/,
  histogram: /_(seconds|events)$/,
  gauge: /_(seconds|depth|slots|slots_in_use|connections|requests|events|bytes|info)$/,
} as const;

describe("every metric", () => {
  it.each(declarations)("%s has a name in our prefix that ends in its unit", (key, { kind }) => {
    const name = metricName(key);
    expect(name).toMatch(/^millrace(_[a-z][a-z0-9]*)+$/);
    expect(name).toMatch(units[kind]);
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|count|sum|bucket)$/);
  });

  it.each(declarations)("%s says what it counts, in a sentence", (_, { help }) => {
    expect(help).toMatch(/^[A-Z].{15,}\.$/);
    expect(help).not.toContain("|");
  });

  it.each(declarations)("%s has labels of Prometheus' form, never the tenant, a job or a trace", (_, { labels }) => {
    for (const [label, values] of Object.entries(labels)) {
      expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(["tenant", "job", "job_id", "trace_id", "le"]).not.toContain(label);
      expect(values === "open" || new Set(values).size === values.length).toBe(true);
    }
  });

  it.each(declarations)("%s has ascending buckets if it has any", (_, declaration) => {
    const bounds = declaration.kind === "histogram" ? declaration.buckets : [0, 1];
    expect(bounds).toEqual([...new Set(bounds)].toSorted((a, b) => a - b));
    expect(bounds.length).toBeGreaterThan(1);
  });

  it("measures jobs up to an hour", () => {
    expect(metricCatalogue.jobRunSeconds.buckets.at(-1)).toBe(3_600);
    expect(metricCatalogue.jobWaitSeconds.buckets.at(-1)).toBe(3_600);
  });

  it("is in the reference page as it is (run `pnpm --filter @millrace/telemetry generate` if not)", () => {
    const page = new URL("../../../../docs/reference/metrics.md", import.meta.url);
    expect(readFileSync(page, "utf8")).toBe(metricsReference());
    for (const [key] of declarations) expect(metricsReference()).toContain(`\`${metricName(key)}\``);
  });
});
