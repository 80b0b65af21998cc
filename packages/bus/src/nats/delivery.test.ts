import { expect, test } from "vitest";

import { deliveryOf } from "./delivery.ts";

const read = { streamSequence: 1_007, deliverySequence: 3, storedAt: new Date(1_800_000_000_123) };

test.each([
  ["of servers to 2.9", "$JS.ACK.EV_0_a.c1.1.1007.3.1800000000123456789.5"],
  ["with a domain and an account", "$JS.ACK._.hash.EV_0_a.c1.1.1007.3.1800000000123456789.5"],
  ["with a random token behind", "$JS.ACK.hub.hash.EV_0_a.c1.1.1007.3.1800000000123456789.5.x7"],
])("a delivery %s is read", (_, reply) => {
  expect(deliveryOf(reply)).toEqual(read);
});

test.each([undefined, "", "_INBOX.a.b", "$JS.ACK.EV_0_a.c1.1.1007"])("%j is no delivery", (reply) => {
  expect(deliveryOf(reply)).toBeUndefined();
});
