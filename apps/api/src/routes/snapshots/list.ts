import { listSnapshotsQuerySchema, snapshotListSchema } from "@millrace/contract";
import { listSnapshots, toSnapshotJson } from "@millrace/core";

import { snapshotCtxOf } from "../../http/query-ctx-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/snapshots */
export const listSnapshotsRoute: Route = {
  method: "get",
  path: "/v1/snapshots",
  scope: "query:read",
  operationId: "listSnapshots",
  tag: "query",
  summary: "List snapshots, newest first",
  description: "Expired ones are listed until they are forgotten; they can't be queried.",
  query: listSnapshotsQuerySchema,
  answers: { 200: { description: "A page of snapshots.", schema: snapshotListSchema } },
  async handle(c, api) {
    const { snapshots, nextCursor } = await listSnapshots(snapshotCtxOf(c, api), unparsed(readQuery(c)));
    return c.json({ items: snapshots.map(toSnapshotJson), nextCursor }, 200);
  },
};
