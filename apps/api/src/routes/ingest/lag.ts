import { lagSchema } from "@millrace/contract";
import { getLag } from "@millrace/core";

import type { Route } from "../../http/route.ts";

/** GET /v1/lag */
export const lagRoute: Route = {
  method: "get",
  path: "/v1/lag",
  scope: "query:read",
  operationId: "getLag",
  tag: "events",
  summary: "How far events are on their way into their tables",
  description:
    "All tables of a tenant share one log, and every publication is of all of them; `tables` says what waits of each. With `ingest.bus: nats` it can't: `pendingEvents` and `oldestPendingAgeMs` of each table are null then, and only those of the tenant are known.",
  answers: { 200: { description: "Head, watermark and what lies between.", schema: lagSchema } },
  async handle(c, api) {
    const { bus, tables } = api.composition;
    return c.json(await getLag({ actor: c.get("actor"), bus, tables }));
  },
};
