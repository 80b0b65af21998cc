import { unpinSnapshot } from "@millrace/core";

import { paramOf } from "../../http/param-of.ts";
import { snapshotCtxOf } from "../../http/query-ctx-of.ts";
import type { Route } from "../../http/route.ts";

/** DELETE /v1/snapshots/{id}/pin */
export const unpinSnapshotRoute: Route = {
  method: "delete",
  path: "/v1/snapshots/{id}/pin",
  scope: "tables:admin",
  operationId: "unpinSnapshot",
  tag: "query",
  summary: "Let a snapshot expire again",
  answers: { 204: { description: "The snapshot has no pin." } },
  errors: ["SNAPSHOT_NOT_FOUND"],
  async handle(c, api) {
    await unpinSnapshot(snapshotCtxOf(c, api), { id: paramOf(c, "id") });
    return c.body(null, 204);
  },
};
