import { z } from "zod";

import { leaseLimits } from "./limits.ts";

/** Opaque proof of one claim of one job. Text that no claim gave out is well-formed, and names no lease. */
export const leaseTokenSchema = z.string().min(1).max(leaseLimits.tokenCharactersMax);

/** How long a lease holds from now on, by the database's clock. */
export const leaseMsSchema = z
  .int()
  .min(leaseLimits.leaseMsMin)
  .max(leaseLimits.leaseMsMax)
  .default(leaseLimits.leaseMsDefault);
