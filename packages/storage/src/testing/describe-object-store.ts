import { describe } from "vitest";

import type { OpenObjectStore } from "./object-store/fixture.ts";
import { describeListings } from "./object-store/listings.ts";
import { describePuts } from "./object-store/puts.ts";
import { describeReads } from "./object-store/reads.ts";

/** The proof that a backend keeps the ObjectStore contract. Call it in a test file; `open` gives an empty store each time. */
export function describeObjectStore(name: string, open: OpenObjectStore): void {
  describe(`ObjectStore on ${name}`, () => {
    describePuts(open);
    describeReads(open);
    describeListings(open);
  });
}
