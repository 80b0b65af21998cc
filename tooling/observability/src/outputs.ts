import { dashboards } from "./dashboards/dashboards.ts";
import { formatDashboard } from "./dashboards/format-dashboard.ts";
import { formatRules } from "./rules.ts";

/** Every generated file: its path below deploy/observability, and what is in it. */
export function outputs(): ReadonlyMap<string, string> {
  return new Map([
    ["rules.yml", formatRules()],
    ...dashboards.map((dashboard) => [`dashboards/${dashboard.id}.json`, formatDashboard(dashboard)] as const),
  ]);
}

/** The folder that they are in. */
export const folder = new URL("../../../deploy/observability/", import.meta.url);
