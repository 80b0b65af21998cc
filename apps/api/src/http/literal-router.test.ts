import { Hono } from "hono";
import { describe, expect, test } from "vitest";

import { createLiteralRouter } from "./literal-router.ts";

const app = new Hono({ router: createLiteralRouter() });
app.use("*", async (c, next) => {
  await next();
  c.header("Seen", "yes");
});
app.get("/jobs", (c) => c.text("list"));
app.post("/jobs", (c) => c.text("create"));
app.post("/jobs/batch", (c) => c.text("batch"));
app.post("/jobs/:id", (c) => c.text(`change ${c.req.param("id")}`));
app.post("/jobs/:id/cancel", (c) => c.text(`cancel ${c.req.param("id")}`));
app.notFound((c) => c.text("nothing", 404));

describe("createLiteralRouter", () => {
  test("answers as the trie does, the first time and every time after", async () => {
    const asked = [
      "GET /jobs",
      "POST /jobs",
      "POST /jobs/batch",
      "POST /jobs/7",
      "POST /jobs/8",
      "POST /jobs/8/cancel",
    ];
    const others = ["GET /jobs/batch", "DELETE /jobs", "GET /", "POST /jobs/", "POST /jobs/:id"];
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(
        [...asked, ...others].map(async (what) => {
          const [method = "", path = ""] = what.split(" ");
          const response = await app.request(path, { method });
          return [what, await response.text(), response.headers.get("seen")];
        }),
      );
      const bodies = ["list", "create", "batch", "change 7", "change 8", "cancel 8"];
      expect(answers).toEqual([
        ...asked.map((what, index) => [what, bodies[index], "yes"]),
        ...others.slice(0, -1).map((what) => [what, "nothing", "yes"]),
        ["POST /jobs/:id", "change :id", "yes"],
      ]);
    }
  });
});
