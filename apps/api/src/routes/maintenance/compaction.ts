import { maintenanceRoute } from "./maintenance-route.ts";

/** POST /v1/maintenance/compaction */
export const compactionRoute = maintenanceRoute({
  kind: "compaction",
  summary: "Merge small files of tables",
  description: "Tables are looked at every few seconds anyway: this is for whoever doesn't want to wait.",
});
