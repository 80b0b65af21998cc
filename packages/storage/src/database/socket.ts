import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";

import type { Address } from "./address.ts";
import { connectionError } from "./connection-error.ts";

const keepAliveMs = 10_000;
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const sslAccepted = "S".charCodeAt(0);

/** Opens a socket to the server, encrypted as the address asks. Whatever happens after the deadline, the socket is gone. */
export async function openSocket(address: Address, timeoutMs: number): Promise<net.Socket> {
  const raw =
    address.socketPath === undefined
      ? net.connect({
          host: address.host,
          port: address.port,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: keepAliveMs,
        })
      : net.connect({ path: address.socketPath });
  const timer = setTimeout(
    () => raw.destroy(connectionError("CONNECT_TIMEOUT", "The server did not answer in time")),
    timeoutMs,
  );
  // The driver adds its own listeners; this one stays, so that an error between two owners never ends the process.
  raw.on("error", ignore);
  try {
    await arrival(raw, "connect");
    return await secure(raw, address);
  } catch (error) {
    raw.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function secure(raw: net.Socket, { ssl, host }: Address): Promise<net.Socket> {
  if (ssl.mode === "disable") return raw;
  raw.write(sslRequest);
  const [answer] = (await arrival(raw, "data")) as readonly [Buffer];
  // Exactly one byte: more would be plain text slipped in before the handshake.
  if (answer.length !== 1 || answer[0] !== sslAccepted) {
    if (answer.length === 1 && ssl.mode === "prefer") return raw;
    throw connectionError("CONNECTION_CLOSED", "The server does not offer TLS");
  }
  const socket = tls.connect({
    socket: raw,
    ...(net.isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: ssl.mode === "verify-full",
    ...ssl.options,
  });
  socket.on("error", ignore);
  await arrival(socket, "secureConnect");
  return socket;
}

/** Waits for an event, or fails as soon as the socket errs or closes. */
async function arrival(socket: net.Socket, event: string): Promise<readonly unknown[]> {
  const abort = new AbortController();
  const closed = (): void => abort.abort(connectionError("CONNECTION_CLOSED", "The server closed the connection"));
  socket.once("close", closed);
  try {
    return (await once(socket, event, { signal: abort.signal })) as readonly unknown[];
  } catch (error) {
    throw error instanceof Error && error.name === "AbortError" ? error.cause : error;
  } finally {
    socket.removeListener("close", closed);
  }
}

function ignore(): void {}
