import { MillraceError } from "@millrace/contract";

import type { Route } from "../../http/route.ts";
import { schemas } from "../../openapi/schemas.ts";

/** GET /v1/ready */
export const readyRoute: Route = {
  method: "get",
  path: "/v1/ready",
  operationId: "ready",
  tag: "system",
  summary: "Whether the process can serve",
  description:
    "Asks the database for an answer and for its schema's version, within a time limit. A process that is stopping is unready.",
  answers: { 200: { description: "It can.", schema: schemas.readiness } },
  errors: ["UNAVAILABLE"],
  quiet: true,
  async handle(c, api) {
    const stopping = api.isDraining();
    const checks = [
      ...(await api.composition.checkReady()),
      { name: "serving", ok: !stopping, ...(stopping ? { problem: "The process is stopping." } : {}) },
    ];
    const failed = checks.filter(({ ok }) => !ok);
    if (failed.length === 0) return c.json({ status: "ready", checks }, 200);
    throw new MillraceError("UNAVAILABLE", `Not ready: ${failed.map(({ name }) => name).join(", ")}.`, {
      extensions: { checks },
    });
  },
};
