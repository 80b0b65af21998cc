import type { Route } from "../../http/route.ts";

/** GET /v1/metrics */
export const metricsRoute: Route = {
  method: "get",
  path: "/v1/metrics",
  operationId: "metrics",
  tag: "system",
  summary: "Metrics for Prometheus",
  answers: { 200: { description: "Prometheus text.", contentType: "text/plain" } },
  quiet: true,
  async handle(c, api) {
    const { contentType, body } = await api.metrics.render();
    return c.body(body, 200, { "Content-Type": contentType });
  },
};
