import { expect, test } from "vitest";

import { publicError } from "./public-error.ts";

const codeOf = (type: string, message: string) => publicError("select 1", { type, message }, { paths: [] }).code;

test("too little memory is the query's own fault, whatever DuckDB calls it", () => {
  expect([
    codeOf("Out of Memory", "failed to pin block of size 256.0 KiB"),
    codeOf("Internal", "Allocation failure"),
    codeOf("Fatal", "std::bad_alloc: Out of Memory Error: could not allocate"),
    codeOf("Invalid Input", "Failed to allocate 4 GB"),
  ]).toEqual(Array.from({ length: 4 }, () => "QUERY_TOO_LARGE"));
  expect([codeOf("Internal", "a bug"), codeOf("Binder", "no column")]).toEqual(["INTERNAL", "QUERY_INVALID"]);
});
