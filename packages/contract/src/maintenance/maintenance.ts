import { z } from "zod";

/** What of a lake's upkeep can be asked for, and the type of the job that does it. */
export const maintenanceTypes = {
  compaction: "lake.compact",
  retention: "lake.retention",
  expiry: "lake.expire",
  orphans: "lake.orphans",
  integrity: "lake.integrity",
} as const;

export type MaintenanceKind = keyof typeof maintenanceTypes;

/** The queue of these jobs. */
export const maintenanceQueue = "system.lake";

export const maintenanceRequestSchema = z
  .strictObject({
    table: z.string().min(1).max(128).optional().meta({ description: "Only this table; without it, all of them." }),
  })
  .meta({ id: "MaintenanceRequest" });

export type MaintenanceRequest = z.input<typeof maintenanceRequestSchema>;
