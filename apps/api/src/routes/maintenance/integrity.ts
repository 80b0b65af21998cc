import { maintenanceRoute } from "./maintenance-route.ts";

/** POST /v1/maintenance/integrity */
export const integrityRoute = maintenanceRoute({
  kind: "integrity",
  summary: "Check that all files are there and whole",
  description:
    "Compares every file that some snapshot has with the catalogue: presence, size, the hash of its content, rows and field ids. The job is dead, and names the files, when one is not what it should be. After a restore, files are deleted again once every tenant has passed.",
});
