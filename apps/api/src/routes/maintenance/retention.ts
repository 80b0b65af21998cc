import { maintenanceRoute } from "./maintenance-route.ts";

/** POST /v1/maintenance/retention */
export const retentionRoute = maintenanceRoute({
  kind: "retention",
  summary: "Remove rows that are older than their table keeps them",
  description: "It is done every hour anyway. Files of dropped tables end with it.",
});
