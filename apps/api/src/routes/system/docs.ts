import type { Route } from "../../http/route.ts";
import { swaggerFiles } from "./swagger-files.ts";

/** All that the page needs comes from this server; styles alone may stand in elements, which Swagger UI can't do without. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Millrace HTTP API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <link rel="icon" href="data:," />
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const start = `SwaggerUIBundle({
  url: "/v1/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

const day = 24 * 3_600;
const asset = (contentType: string) => ({ "Content-Type": contentType, "Cache-Control": `public, max-age=${day}` });

/** GET /docs */
export const docsRoute: Route = {
  method: "get",
  path: "/docs",
  operationId: "docs",
  tag: "system",
  summary: "The reference of this API, for people",
  answers: { 200: { description: "A page that works without the internet.", contentType: "text/html" } },
  handle: (c) =>
    c.body(page, 200, {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": contentSecurityPolicy,
    }),
};

/** GET /docs/start.js */
export const docsStartRoute: Route = {
  ...docsRoute,
  path: "/docs/start.js",
  operationId: "docsStart",
  hidden: true,
  handle: (c) => c.body(start, 200, asset("text/javascript; charset=utf-8")),
};

/** GET /docs/swagger-ui-bundle.js */
export const docsScriptRoute: Route = {
  ...docsRoute,
  path: "/docs/swagger-ui-bundle.js",
  operationId: "docsScript",
  hidden: true,
  handle: async (c) => c.body(await swaggerFiles.script(), 200, asset("text/javascript; charset=utf-8")),
};

/** GET /docs/swagger-ui.css */
export const docsStyleRoute: Route = {
  ...docsRoute,
  path: "/docs/swagger-ui.css",
  operationId: "docsStyle",
  hidden: true,
  handle: async (c) => c.body(await swaggerFiles.style(), 200, asset("text/css; charset=utf-8")),
};
