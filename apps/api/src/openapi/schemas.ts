import { z } from "@hono/zod-openapi";

/** What only this app answers with; everything else is in the contract, under the name that it has in the OpenAPI document. */
export const schemas = {
  health: z.object({ status: z.literal("ok") }).meta({ id: "Health" }),
  readiness: z
    .object({
      status: z.enum(["ready", "unready"]),
      checks: z.array(z.object({ name: z.string(), ok: z.boolean(), problem: z.string().optional() })),
    })
    .meta({ id: "Readiness" }),
  /** What a route takes that needs no input: no body, or an empty object. */
  nothing: z.strictObject({}),
} as const;
