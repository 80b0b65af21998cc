import ipaddr from "ipaddr.js";

import { MillraceError } from "@millrace/contract";

/** True for an IP address that requests may go to. */
export type AddressPolicy = (address: string) => boolean;

const globalIpv6 = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Makes the rule for addresses: public ones, and those in the networks given (CIDR). Everything else is refused: loopback, private,
 * link-local, shared, multicast, documentation, and each form of IPv6 that carries an IPv4 address inside.
 * @throws VALIDATION_FAILED for what is not a network
 */
export function createAddressPolicy(networks: readonly string[]): AddressPolicy {
  const allowed = networks.map(parseNetwork);
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    // An IPv4 address written as IPv6 (::ffff:10.0.0.1) is judged as what it is.
    const ip = ipaddr.process(address);
    if (allowed.some(([base, bits]) => base.kind() === ip.kind() && ip.match(base, bits))) return true;
    if (ip.range() !== "unicast") return false;
    return ip.kind() === "ipv4" || ip.match(globalIpv6);
  };
}

function parseNetwork(network: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (ipaddr.isValidCIDR(network)) return ipaddr.parseCIDR(network);
  throw new MillraceError(
    "VALIDATION_FAILED",
    `${JSON.stringify(network)} is not a network such as 10.0.0.0/8 or fd00::/8.`,
  );
}
