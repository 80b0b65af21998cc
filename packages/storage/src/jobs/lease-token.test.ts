import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeLeaseToken, encodeLeaseToken } from "./lease-token.ts";

const lease = fc.record({
  tenantId: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/),
  id: fc.uuid(),
  claimId: fc.uuid(),
  fence: fc.integer({ min: 0, max: 2_147_483_647 }),
});

describe("lease tokens", () => {
  it("carry a lease unchanged, in characters that need no escaping", () => {
    fc.assert(
      fc.property(lease, (given) => {
        const token = encodeLeaseToken(given);
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeLeaseToken(token)).toEqual(given);
      }),
    );
  });

  it("are not made of any other text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 48 }), (text) => {
        expect(decodeLeaseToken(text)).toBeUndefined();
      }),
    );
    expect(decodeLeaseToken("a".repeat(151))).toBeUndefined();
    expect(decodeLeaseToken(`${"a".repeat(60)}!`)).toBeUndefined();
  });
});
