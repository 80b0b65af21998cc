/** One line, or one for each value of a label, of a panel. */
export interface Query {
  readonly expression: string;
  readonly legend: string;
}

/** A graph over time. */
export interface Panel {
  readonly title: string;
  /** As Grafana names it: `s`, `reqps`, `short`, `percentunit`, `bytes`. */
  readonly unit: string;
  readonly queries: readonly Query[];
}

/** A page of panels, three in a row. */
export interface Dashboard {
  /** Name of the file, and id in Grafana. */
  readonly id: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Quantiles of a histogram, after a label where one is named. */
export function quantiles(metric: string, labels = "", by = ""): readonly Query[] {
  const grouping = by === "" ? "le" : `le, ${by}`;
  return [0.5, 0.95, 0.99].map((quantile) => ({
    expression: `histogram_quantile(${quantile}, sum by (${grouping}) (rate(${metric}_bucket${labels}[$__rate_interval])))`,
    legend: `p${quantile * 100}${by === "" ? "" : ` {{${by}}}`}`,
  }));
}

/** How often something is counted in a second, for each value of some labels. */
export function perSecond(counter: string, by: string, labels = ""): readonly Query[] {
  const legend = by
    .split(", ")
    .map((label) => `{{${label}}}`)
    .join(" ");
  return [{ expression: `sum by (${by}) (rate(${counter}${labels}[$__rate_interval]))`, legend }];
}
