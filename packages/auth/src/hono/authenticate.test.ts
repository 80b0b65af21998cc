import { Hono } from "hono";
import { describe, expect, test } from "vitest";

import { isMillraceError } from "@millrace/contract";

import { createStaticValidator } from "../static-validator.ts";
import { type AuthEnv, authenticate } from "./authenticate.ts";

const validator = createStaticValidator([{ key: "good", tenantId: "acme" }]);
const app = new Hono<AuthEnv>()
  .get("/", async (c) => {
    const { tenantId } = await authenticate(c, validator);
    return c.text(c.get("actor").tenantId === tenantId ? tenantId : "set another one");
  })
  .onError((error, c) => (isMillraceError(error) ? c.text(error.message, 401) : c.text("unexpected", 500)));

async function ask(headers: Readonly<Record<string, string>>, path = "/") {
  const response = await app.request(path, { headers });
  return { status: response.status, text: await response.text(), challenge: response.headers.get("www-authenticate") };
}

describe("authenticate", () => {
  test.each([
    { authorization: "Bearer good" },
    { authorization: "bearer   good" },
    { "x-api-key": "good" },
    { authorization: "Bearer good", "x-api-key": "good" },
  ])("takes the key of %j", async (headers) => {
    expect(await ask(headers)).toEqual({ status: 200, text: "acme", challenge: null });
  });

  test("refuses everything else with one and the same answer", async () => {
    const refused = [
      {},
      { authorization: "Bearer bad" },
      { "x-api-key": "bad" },
      { authorization: "good" },
      { authorization: "Basic Z29vZA==" },
      { authorization: "Bearer" },
      { authorization: "Bearer good good" },
      { authorization: "Bearer good, Bearer good" },
      { authorization: "Bearer good", "x-api-key": "bad" },
      { authorization: "Bearer bad", "x-api-key": "good" },
      { authorization: "Basic Z29vZA==", "x-api-key": "good" },
      { "x-api-key": "" },
      { "x-api-key": "x".repeat(10_000) },
    ];
    const answers = await Promise.all(refused.map((headers) => ask(headers as Record<string, string>)));
    expect(answers.map(({ status }) => status)).toEqual(refused.map(() => 401));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.challenge).toBe("Bearer");
  });

  test("never takes a key from the URL", async () => {
    for (const path of ["/?api_key=good", "/?key=good", "/?authorization=Bearer%20good", "/?x-api-key=good"]) {
      expect((await ask({}, path)).status).toBe(401);
    }
  });
});
