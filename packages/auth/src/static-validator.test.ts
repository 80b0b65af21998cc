import { describe, expect, test } from "vitest";

import { createStaticValidator } from "./static-validator.ts";
import { describeApiKeyValidator } from "./testing/describe-api-key-validator.ts";

describeApiKeyValidator("the static validator", async () => ({
  validator: createStaticValidator([
    { key: "local-development", tenantId: "acme" },
    { key: "Other", tenantId: "other" },
  ]),
  valid: { key: "local-development", actor: { tenantId: "acme", scopes: ["*"], staticKey: 1 } },
  ended: [],
}));

describe("the static validator", () => {
  test("tells its keys apart by their places", async () => {
    const validator = createStaticValidator([
      { key: "a", tenantId: "one" },
      { key: "b", tenantId: "one" },
    ]);
    expect((await validator.validate("a"))?.staticKey).toBe(1);
    expect((await validator.validate("b"))?.staticKey).toBe(2);
  });

  test("keeps the tenants of its keys apart", async () => {
    const validator = createStaticValidator([
      { key: "a", tenantId: "one" },
      { key: "b", tenantId: "two" },
    ]);
    expect((await validator.validate("a"))?.tenantId).toBe("one");
    expect((await validator.validate("b"))?.tenantId).toBe("two");
  });
});
