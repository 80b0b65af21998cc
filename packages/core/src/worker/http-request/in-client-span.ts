import { inSpan, isTracing, spanAttributes } from "@millrace/telemetry";

import type { OutgoingRequest } from "./redirect.ts";
import type { Answer } from "./send.ts";

/**
 * Sends a request in a span of its own, which the receiver's spans hang below. `resends` says how many redirects came before. The span shows no
 * path and no query: those of web hooks are often secrets.
 */
export function inClientSpan(
  request: OutgoingRequest,
  resends: number,
  exchange: (request: OutgoingRequest) => Promise<Answer>,
): Promise<Answer> {
  if (!isTracing()) return exchange(request);
  const { method, url } = request;
  const attributes = {
    [spanAttributes.httpRequestMethod]: method,
    [spanAttributes.httpRequestResendCount]: resends === 0 ? undefined : resends,
    [spanAttributes.serverAddress]: url.hostname,
    [spanAttributes.serverPort]: portOf(url),
    [spanAttributes.urlFull]: url.pathname === "/" ? url.origin : `${url.origin}/REDACTED`,
  };
  return inSpan(method, { kind: "client", attributes }, async ({ traceparent, set, fail }) => {
    const headers = traceparent === undefined ? request.headers : { ...request.headers, traceparent };
    const answer = await exchange({ ...request, headers });
    set({ [spanAttributes.httpResponseStatusCode]: answer.status });
    if (answer.status >= 400) fail(String(answer.status));
    return answer;
  });
}

function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}
