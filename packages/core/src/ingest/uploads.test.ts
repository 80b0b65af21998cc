import { expect, test } from "vitest";

import { createUploads } from "./uploads.ts";

test("a tenant has no more uploads than its part, all together no more than the whole, and a place that is given back is free", () => {
  const uploads = createUploads({ uploadsMax: 3, tenantUploadsMax: 2 });
  const leave = uploads.enter("a");
  uploads.enter("a");
  expect(() => uploads.enter("a")).toThrow("this tenant");
  uploads.enter("b");
  expect(() => uploads.enter("b")).toThrow("this process");
  leave();
  uploads.enter("b");
});
