import { expect, test } from "vitest";

import { readLakeOptions } from "./options.ts";

test.each([[["--store", "s3", "--quick"]], [["--quick", "--store=s3"]]])("%j is a quick run on S3", (args) => {
  expect(readLakeOptions(args)).toMatchObject({ store: "s3", quick: true, rounds: 1 });
});

test("without a store files are in a folder", () => {
  expect(readLakeOptions([])).toMatchObject({ store: "fs", quick: false, rounds: 3, rateSeconds: 30 });
});

test("a store that isn't there is refused", () => {
  expect(() => readLakeOptions(["--store", "gs"])).toThrow("--store takes fs or s3.");
});
