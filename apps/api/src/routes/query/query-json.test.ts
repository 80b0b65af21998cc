import { Readable } from "node:stream";

import { expect, test, vi } from "vitest";

import { queryJson } from "./query-json.ts";

test("rows are let go of when their reader leaves before it has reached them", async () => {
  const body = Readable.from([Buffer.from("[]")], { objectMode: false });
  const result = { columns: [], rowCount: 0, truncated: false, bytes: 2, elapsedMs: 1, cpuMs: 1, body };
  queryJson({ result, snapshot: undefined, files: 0 }).destroy();
  await vi.waitFor(() => expect(body.destroyed).toBe(true));
});
