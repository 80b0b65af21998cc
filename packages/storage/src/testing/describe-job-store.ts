import { describe } from "vitest";

import { describeAttempts } from "./job-store/attempts.ts";
import { describeBulk } from "./job-store/bulk.ts";
import { describeChanges } from "./job-store/changes.ts";
import { describeCrud } from "./job-store/crud.ts";
import { describeDuplicates } from "./job-store/duplicates.ts";
import type { OpenJobStore } from "./job-store/fixture.ts";
import { describeIdempotency } from "./job-store/idempotency.ts";
import { describeLeases } from "./job-store/leases.ts";
import { describeLimits } from "./job-store/limits.ts";
import { describeLists } from "./job-store/lists.ts";
import { describeLogs } from "./job-store/logs.ts";

/** The proof that a backend keeps the JobStore contract. Call it in a test file; `open` gives an empty store each time. */
export function describeJobStore(name: string, open: OpenJobStore): void {
  describe(`JobStore on ${name}`, () => {
    describeCrud(open);
    describeIdempotency(open);
    describeDuplicates(open);
    describeLists(open);
    describeLeases(open);
    describeChanges(open);
    describeLimits(open);
    describeAttempts(open);
    describeBulk(open);
    describeLogs(open);
  });
}
