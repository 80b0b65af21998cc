import { describe } from "vitest";

import { describeClaims } from "./claims.ts";
import { describeCrashes } from "./crashes.ts";
import type { IngestBusHarness } from "./fixture.ts";
import { describeIdempotency } from "./idempotency.ts";
import { describeLeases } from "./leases.ts";
import { describeOrder } from "./order.ts";

/** The proof that a backend keeps the IngestBus contract. Call it in a test file; the harness opens an empty log each time. */
export function describeIngestBus(name: string, harness: IngestBusHarness): void {
  describe(`IngestBus on ${name}`, () => {
    describeIdempotency(harness);
    describeOrder(harness);
    describeClaims(harness);
    describeLeases(harness);
    describeCrashes(harness);
  });
}
