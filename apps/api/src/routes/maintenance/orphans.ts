import { maintenanceRoute } from "./maintenance-route.ts";

/** POST /v1/maintenance/orphans */
export const orphansRoute = maintenanceRoute({
  kind: "orphans",
  summary: "Delete files that no snapshot ever had",
  description:
    "What writers left behind that ended before they published. It is done every day anyway, and for the whole tenant whatever the table.",
});
