import { snapshotSchema } from "@millrace/contract";
import { getSnapshot, toSnapshotJson } from "@millrace/core";

import { paramOf } from "../../http/param-of.ts";
import { snapshotCtxOf } from "../../http/query-ctx-of.ts";
import type { Route } from "../../http/route.ts";

/** GET /v1/snapshots/{id} */
export const getSnapshotRoute: Route = {
  method: "get",
  path: "/v1/snapshots/{id}",
  scope: "query:read",
  operationId: "getSnapshot",
  tag: "query",
  summary: "Get a snapshot",
  answers: { 200: { description: "The snapshot.", schema: snapshotSchema } },
  errors: ["SNAPSHOT_NOT_FOUND"],
  async handle(c, api) {
    return c.json(toSnapshotJson(await getSnapshot(snapshotCtxOf(c, api), { id: paramOf(c, "id") })), 200);
  },
};
