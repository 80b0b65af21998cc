import type { Dashboard, Panel } from "./panel.ts";

const size = { width: 8, height: 8, inRow: 3 } as const;
/** As deploy/observability/grafana provisions it. */
const datasource = { type: "prometheus", uid: "millrace-prometheus" } as const;

/** A dashboard as Grafana imports it. */
export function formatDashboard({ id, title, panels }: Dashboard): string {
  const dashboard = {
    uid: id,
    title,
    tags: ["millrace"],
    schemaVersion: 39,
    version: 1,
    editable: false,
    refresh: "30s",
    timezone: "utc",
    time: { from: "now-3h", to: "now" },
    templating: { list: [] },
    panels: panels.map(formatPanel),
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

function formatPanel({ title, unit, queries }: Panel, index: number): object {
  const x = (index % size.inRow) * size.width;
  const y = Math.floor(index / size.inRow) * size.height;
  return {
    id: index + 1,
    type: "timeseries",
    title,
    datasource,
    gridPos: { x, y, w: size.width, h: size.height },
    fieldConfig: { defaults: { unit, min: 0, custom: { lineWidth: 1, fillOpacity: 10 } }, overrides: [] },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
    targets: queries.map(({ expression, legend }, query) => ({
      refId: String.fromCodePoint(65 + query),
      datasource,
      expr: expression,
      legendFormat: legend,
    })),
  };
}
