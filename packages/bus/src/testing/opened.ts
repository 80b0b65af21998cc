import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";

import type { IngestBusFixture, IngestBusHarness } from "./fixture.ts";
import { makeLog } from "./fixture.ts";

/** A fixture for all tests of a block, and a log of its own for each of them. */
export interface Opened {
  readonly fixture: IngestBusFixture;
  readonly tenantNo: number;
}

/** Opens a fixture around the tests of a block. Logs of earlier tests are consumed, so that claims of any tenant find none of theirs. */
export function opened(harness: IngestBusHarness): Opened {
  let fixture: IngestBusFixture | undefined;
  let tenantNo: number | undefined;
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("not open yet");
    return value;
  };
  beforeAll(async () => {
    fixture = await harness.open();
  });
  beforeEach(async () => {
    tenantNo = await makeLog(there(fixture).db);
  });
  afterEach(async () => {
    await there(fixture).db.query({
      name: "skipAll",
      text: `update millrace.event_progress p set watermark = greatest(p.watermark, l.head), owner = null, claimed_to = null, lease_expires_at = null
        from millrace.event_logs l where l.tenant_no = p.tenant_no`,
    });
  });
  afterAll(() => fixture?.close());
  return {
    get fixture() {
      return there(fixture);
    },
    get tenantNo() {
      return there(tenantNo);
    },
  };
}
