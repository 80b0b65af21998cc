import { z } from "@hono/zod-openapi";

import { followJob } from "@millrace/core";

import { watchKey } from "../../http/check-key-again.ts";
import { ctxOf } from "../../http/ctx-of.ts";
import { sendEvents } from "../../http/event-stream.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";
import { tenantWaitersMax, waitersMaxDefault } from "../../http/waiters.ts";

/** Then the client comes back, perhaps to another process. */
const streamMsMax = 15 * 60_000;

/** GET /v1/jobs/{id}/events */
export const followJobRoute: Route = {
  method: "get",
  path: "/v1/jobs/{id}/events",
  scope: "jobs:read",
  operationId: "jobEvents",
  tag: "jobs",
  summary: "Follow a job, as server-sent events",
  description: `Events \`job\` (the job as it is: first, and after each change of its status), \`attempt\` (one has ended), \`progress\`, \`log\` and \`end\`, the last one. Each has an id; with it as \`Last-Event-ID\` a stream goes on where another was broken off: changes of status, attempts and log lines come once each, of progress the newest. A comment comes every 15 seconds. After 15 minutes, and soon after its key was revoked, the server ends a stream without \`end\`. Waits and streams together are at most ${waitersMaxDefault} a process, ${tenantWaitersMax(waitersMaxDefault)} of them of one tenant; one more is a 429.`,
  headers: z.object({
    "Last-Event-ID": z.string().optional().meta({ description: "The id of the last event that was received." }),
  }),
  answers: {
    200: { description: "The stream; it ends with the job.", contentType: "text/event-stream" },
    204: { description: "The stream has been told to its end: don't connect again." },
  },
  errors: ["JOB_NOT_FOUND", "RATE_LIMITED"],
  handle: (c, api) =>
    api.waiters.wait(c, async (signal) => {
      const input = { id: paramOf(c, "id"), lastEventId: c.req.header("Last-Event-ID") };
      const key = watchKey(c, api);
      try {
        const over = AbortSignal.any([signal, key.signal, AbortSignal.timeout(streamMsMax)]);
        const events = await followJob(ctxOf(c, api, over), input);
        return events === undefined ? c.body(null, 204) : await sendEvents(c, events);
      } finally {
        key.stop();
      }
    }),
};
