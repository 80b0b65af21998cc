import { pinSnapshotRequestSchema, snapshotSchema } from "@millrace/contract";
import { pinSnapshot, toSnapshotJson } from "@millrace/core";

import { paramOf } from "../../http/param-of.ts";
import { snapshotCtxOf } from "../../http/query-ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/snapshots/{id}/pin */
export const pinSnapshotRoute: Route = {
  method: "post",
  path: "/v1/snapshots/{id}/pin",
  scope: "tables:admin",
  operationId: "pinSnapshot",
  tag: "query",
  summary: "Keep a snapshot from expiring",
  description: "Its files stay until it is unpinned or the pin expires. A second pin replaces the first.",
  body: { schema: pinSnapshotRequestSchema, required: true },
  answers: { 200: { description: "The snapshot.", schema: snapshotSchema } },
  errors: ["SNAPSHOT_NOT_FOUND", "SNAPSHOT_EXPIRED"],
  async handle(c, api) {
    const request = unparsed<never>(await readJson(c, api.limits.bodyBytesMax));
    const snapshot = await pinSnapshot(snapshotCtxOf(c, api), { id: paramOf(c, "id"), request });
    return c.json(toSnapshotJson(snapshot), 200);
  },
};
