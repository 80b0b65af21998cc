import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

import { MillraceError } from "@millrace/contract";

import { type ProblemPlace, problemAnswer } from "./problem.ts";

/** What the HTTP parser could not make a request of, as an error of ours. */
export function parserError(error: unknown): MillraceError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new MillraceError("HEADERS_TOO_LARGE", "The request line and the headers are too large together.");
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new MillraceError("PAYLOAD_TOO_LARGE", "The chunk extensions of the body are too large.");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new MillraceError("REQUEST_TIMEOUT", "The request did not arrive in time.");
    case "HPE_INVALID_EOF_STATE":
      return new MillraceError("MALFORMED_REQUEST", "The request ended before it was complete.");
    default:
      return new MillraceError("MALFORMED_REQUEST", "The request is not valid HTTP/1.1.", { cause: error });
  }
}

/** How long a closed connection may still send what nobody reads: a reset would take the answer back. */
const lingerMs = 500;

/** Answers on a bare socket, where there is no response object (any more), and closes it. */
export function answerRaw(
  socket: Duplex,
  error: MillraceError,
  at: ProblemPlace,
  more: Readonly<Record<string, string>> = {},
): void {
  const { status, headers, body } = problemAnswer(error, at);
  at.exchange.rawStatus = status;
  const lines = Object.entries({
    ...headers,
    ...more,
    "X-Trace-ID": at.exchange.traceId,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    Date: new Date().toUTCString(),
    Connection: "close",
    "Content-Length": String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("error", () => undefined);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${body}`);
  socket.resume();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
