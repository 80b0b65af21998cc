import { lookup as systemLookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { callbackify } from "node:util";

import { buildConnector } from "undici";

import { NonRetryableError } from "../attempt-errors.ts";
import type { AddressPolicy } from "./address-policy.ts";

/** All addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

export const resolveBySystem: Resolve = (hostname) => systemLookup(hostname, { all: true });

/**
 * Connects only to addresses that the policy allows. A name is resolved once, all its addresses are judged, and the socket gets exactly
 * those: a second answer of the name server can't swap them. An address in the URL itself never reaches `lookup`, so it is judged
 * first; the address that the socket ends up with is judged last.
 */
export function createGuardedConnector(
  allows: AddressPolicy,
  resolve: Resolve,
  timeoutMs: number,
): buildConnector.connector {
  async function resolveAllowed(hostname: string) {
    const addresses = await resolve(hostname);
    if (addresses.length === 0) throw new Error(`The name ${hostname} has no address`);
    if (!addresses.every(({ address }) => allows(address))) throw refusedDestination();
    return addresses;
  }

  const resolveChecked = callbackify(resolveAllowed);
  const lookup: LookupFunction = (hostname, { all }, callback) => {
    resolveChecked(hostname, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) callback(error, "", 0);
      else if (all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };

  const connect = buildConnector({ lookup, timeout: timeoutMs, allowH2: false });
  return (options, callback) => {
    const literal = options.hostname.replace(/^\[(.*)\]$/, "$1");
    if (isIP(literal) !== 0 && !allows(literal)) return callback(refusedDestination(), null);
    return connect({ ...options, hostname: literal }, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      if (allows(socket.remoteAddress ?? "")) return callback(null, socket);
      socket.destroy();
      return callback(refusedDestination(), null);
    });
  };
}

function refusedDestination(): NonRetryableError {
  return new NonRetryableError(
    "The URL leads to a network that http.request may not reach (worker.httpRequest.allowPrivateNetworks names exceptions)",
  );
}
