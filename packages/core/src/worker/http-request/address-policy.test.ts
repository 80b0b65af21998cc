import { describe, expect, it } from "vitest";

import { createAddressPolicy } from "./address-policy.ts";

const none = createAddressPolicy([]);

describe("the rule for addresses", () => {
  it.each(["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8"])(
    "lets requests reach %s",
    (address) => {
      expect(none(address)).toBe(true);
    },
  );

  it.each([
    ["unspecified", "0.0.0.0"],
    ["this network", "0.1.2.3"],
    ["loopback", "127.0.0.1"],
    ["the end of loopback", "127.255.255.254"],
    ["private 10", "10.1.2.3"],
    ["private 172.16", "172.31.0.1"],
    ["private 192.168", "192.168.1.1"],
    ["link-local, the cloud's metadata", "169.254.169.254"],
    ["carrier-grade NAT, another cloud's metadata", "100.100.100.200"],
    ["protocol assignments", "192.0.0.192"],
    ["documentation", "192.0.2.1"],
    ["documentation 2", "198.51.100.1"],
    ["documentation 3", "203.0.113.1"],
    ["benchmarking", "198.19.0.1"],
    ["6to4 relay", "192.88.99.1"],
    ["multicast", "224.0.0.1"],
    ["reserved", "240.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["IPv6 unspecified", "::"],
    ["IPv6 loopback", "::1"],
    ["IPv4-mapped loopback", "::ffff:127.0.0.1"],
    ["IPv4-mapped private, in hex", "::ffff:a00:1"],
    ["IPv4-compatible", "::7f00:1"],
    ["IPv4-translated", "::ffff:0:7f00:1"],
    ["NAT64", "64:ff9b::7f00:1"],
    ["local NAT64", "64:ff9b:1::1"],
    ["6to4", "2002:7f00:1::"],
    ["Teredo", "2001:0:7f00:1::"],
    ["unique local, a cloud's metadata", "fd00:ec2::254"],
    ["IPv6 link-local", "fe80::1"],
    ["site-local", "fec0::1"],
    ["IPv6 multicast", "ff02::1"],
    ["IPv6 documentation", "2001:db8::1"],
    ["newer IPv6 documentation", "3fff::1"],
    ["discard", "100::1"],
    ["segment routing", "5f00::1"],
    ["unassigned", "8000::1"],
    ["what is no address", "localhost"],
    ["nothing", ""],
  ])("refuses %s", (_, address) => {
    expect(none(address)).toBe(false);
  });

  it("opens exactly the networks that are named", () => {
    const allows = createAddressPolicy(["127.0.0.0/8", "fd00:1::/32"]);
    expect(allows("127.0.0.1")).toBe(true);
    expect(allows("::ffff:127.0.0.1")).toBe(true);
    expect(allows("fd00:1::5")).toBe(true);
    expect(allows("::1")).toBe(false);
    expect(allows("10.0.0.1")).toBe(false);
    expect(allows("fd00:2::5")).toBe(false);
  });

  it("is not made from what is no network", () => {
    expect(() => createAddressPolicy(["10.0.0.0"])).toThrow('"10.0.0.0" is not a network');
  });
});
