import type { z } from "@hono/zod-openapi";

import { leaseResponseSchema } from "@millrace/contract";
import type { LeaseCtx } from "@millrace/core";

import { leaseCtxOf } from "../../http/lease-ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

export interface LeaseVerb<Input, Answer> {
  /** The last part of the path. */
  readonly verb: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly body: z.ZodType;
  /** Default: the outcomes of a write. */
  readonly answer?: z.ZodType;
  readonly run: (ctx: LeaseCtx, input: Input) => Promise<Answer>;
  readonly toJson: (answer: Answer, traceId: string | undefined) => object;
}

/** The route of what workers do to leases they hold: many at once, each with an outcome of its own. */
export function leaseRoute<Input, Answer>(verb: LeaseVerb<Input, Answer>): Route {
  return {
    method: "post",
    path: `/v1/leases/${verb.verb}`,
    scope: "jobs:work",
    operationId: verb.operationId,
    tag: "leases",
    summary: verb.summary,
    description: verb.description,
    body: { schema: verb.body, required: true },
    answers: {
      200: {
        description: "An outcome an item, in their order; a lease that is lost is `LEASE_LOST`.",
        schema: verb.answer ?? leaseResponseSchema,
      },
    },
    async handle(c, api) {
      const body = await readJson(c, api.limits.batchBodyBytesMax);
      const ctx = leaseCtxOf(c, api);
      return c.json(verb.toJson(await verb.run(ctx, unparsed<Input>(body)), ctx.traceId), 200);
    },
  };
}
