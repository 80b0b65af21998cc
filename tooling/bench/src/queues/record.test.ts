import { expect, test } from "vitest";

import { parseRecords } from "./record.ts";

test("the records of a run that was killed while it wrote one are read without that one", () => {
  expect(parseRecords(`{"kind":"run"}\n{"kind":"sample"}\n{"kind":"sam`)).toEqual([
    { kind: "run" },
    { kind: "sample" },
  ]);
});
