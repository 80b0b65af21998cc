import { z } from "zod";

import { maintenanceRequestSchema } from "@millrace/contract";

/** Of one table, or of all of the tenant's. */
export const tablePayload = maintenanceRequestSchema;

/** Of the whole tenant. */
export const tenantPayload = z.strictObject({});

/** `share` of the files are read whole; all are looked for. */
export const checkPayload = maintenanceRequestSchema.extend({ share: z.number().min(0).max(1).optional() });
