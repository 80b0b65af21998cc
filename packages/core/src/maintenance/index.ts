export { askForMaintenance, type MaintenanceCtx } from "./ask.ts";
export { type RunningMaintenance, startMaintenance, type StartMaintenanceOptions } from "./start-maintenance.ts";
