import type { IncomingMessage, ServerResponse } from "node:http";
import { createGunzip } from "node:zlib";

import { MillraceError } from "@millrace/contract";

import { exchangeOf } from "./exchange.ts";

/**
 * The whole body of a request, inflated. The limit holds for what arrives and for what it inflates to, while it streams.
 * @throws PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, MALFORMED_JSON for what is no gzip, REQUEST_TIMEOUT when the client gives up
 */
export async function readBody(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  bytesMax: number,
  { onBytes = () => undefined, advice = "" }: ReadBodyOptions = {},
): Promise<Buffer> {
  const gzip = isGzip(incoming, outgoing);
  if (Number(incoming.headers["content-length"] ?? 0) > bytesMax) throw tooLarge(bytesMax, advice);
  askForBody(incoming, outgoing);
  const limit: Limit = (bytes, added) => (bytes > bytesMax ? tooLarge(bytesMax, advice) : onBytes(added));
  if (gzip) return inflate(incoming, limit);
  return arrived(incoming, limit) ?? collect(incoming, limit);
}

export interface ReadBodyOptions {
  readonly onBytes?: OnBytes | undefined;
  /** A sentence for whoever sends more than fits. */
  readonly advice?: string | undefined;
}

/** Told of each part of a body, inflated; what it answers ends the reading. */
export type OnBytes = (bytes: number) => MillraceError | undefined;

/** Lets a client that waits for `100 Continue` send its body. */
export function askForBody(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const exchange = exchangeOf(incoming);
  if (!exchange.awaitsContinue) return;
  exchange.awaitsContinue = false;
  outgoing.writeContinue();
}

/** True when a request says that it has a body. */
export function hasBody(incoming: IncomingMessage): boolean {
  const { headers } = incoming;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** @throws UNSUPPORTED_MEDIA_TYPE */
export function isGzip(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  const encoding = (incoming.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "gzip" || encoding === "x-gzip") return true;
  if (encoding === "identity" || encoding === "") return false;
  outgoing.setHeader("Accept-Encoding", "gzip");
  throw new MillraceError("UNSUPPORTED_MEDIA_TYPE", "Send the body as it is, or with Content-Encoding: gzip.");
}

/** True for bytes that begin as gzip does. */
export function isGzipped(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What is said to whoever compresses without a word of it. */
export const gzipUnsaid = "The body is gzip: send it with Content-Encoding: gzip.";

/** A small body has arrived together with its headers, and needs nobody to listen for it. Each read answers one of the parts that it came in. */
function arrived(incoming: IncomingMessage, limit: Limit): Buffer | undefined {
  if (!incoming.complete || incoming.destroyed || incoming.readableDidRead) return undefined;
  const parts: Buffer[] = [];
  for (let part = nextPart(incoming); part !== undefined; part = nextPart(incoming)) parts.push(part);
  const [first = empty] = parts;
  const body = parts.length > 1 ? Buffer.concat(parts) : first;
  const refusal = limit(body.length, body.length);
  if (refusal !== undefined) throw refusal;
  return body;
}

function nextPart(incoming: IncomingMessage): Buffer | undefined {
  return (incoming.read() as Buffer | null) ?? undefined;
}

/** What is wrong with a body of so many bytes, of which so many have come last. */
type Limit = (bytes: number, added: number) => MillraceError | undefined;

function collect(incoming: IncomingMessage, limit: Limit): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      const refusal = limit(bytes, chunk.length);
      if (refusal === undefined) chunks.push(chunk);
      else settle(() => reject(refusal));
    };
    const onEnd = () => settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onClose = () => settle(() => reject(incomplete()));
    const settle = (then: () => void) => {
      incoming.off("data", onData).off("end", onEnd).off("close", onClose);
      then();
    };
    // Whatever goes wrong with the connection, "close" follows; a listener keeps the error itself from ending the process.
    incoming.on("error", ignore).on("data", onData).on("end", onEnd).on("close", onClose);
    if (incoming.destroyed) onClose();
  });
}

function inflate(incoming: IncomingMessage, limit: Limit): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gunzip = createGunzip();
    const chunks: Buffer[] = [];
    let rawBytes = 0;
    let bytes = 0;
    const settle = (then: () => void) => {
      incoming.off("data", onRaw).off("close", onClose).unpipe(gunzip);
      gunzip.removeAllListeners().on("error", ignore).destroy();
      then();
    };
    const onRaw = (chunk: Buffer) => {
      rawBytes += chunk.length;
      const refusal = limit(rawBytes, 0);
      if (refusal !== undefined) settle(() => reject(refusal));
    };
    const onClose = () => {
      if (!incoming.readableEnded) settle(() => reject(incomplete()));
    };
    gunzip.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      const refusal = limit(bytes, chunk.length);
      if (refusal === undefined) chunks.push(chunk);
      else settle(() => reject(refusal));
    });
    gunzip.on("end", () => settle(() => resolve(Buffer.concat(chunks))));
    gunzip.on("error", (cause) =>
      settle(() => reject(new MillraceError("MALFORMED_JSON", "The body is not valid gzip.", { cause }))),
    );
    incoming.on("error", ignore).on("data", onRaw).on("close", onClose);
    incoming.pipe(gunzip);
    if (incoming.destroyed) onClose();
  });
}

function tooLarge(bytesMax: number, advice: string): MillraceError {
  const message = `The body may have at most ${bytesMax} bytes, inflated as well. ${advice}`.trimEnd();
  return new MillraceError("PAYLOAD_TOO_LARGE", message, { extensions: { bytesMax } });
}

/** The error for a body that ended before it was complete. */
export function incomplete(): MillraceError {
  return new MillraceError("REQUEST_TIMEOUT", "The request ended before its body was complete.");
}

const empty = Buffer.alloc(0);

function ignore(): void {}
