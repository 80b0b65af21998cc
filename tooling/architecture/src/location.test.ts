import { expect, test } from "vitest";

import { location } from "@millrace/architecture/location";

test("tests run the source of a package, never a stale build of it", () => {
  expect(location).toMatch(/\/src\/location\.ts$/);
});
