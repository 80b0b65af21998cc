import { NonRetryableError } from "../attempt-errors.ts";
import { isRequestUrl } from "./payload.ts";

/** One request as it goes over the wire. Header names are lower case. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const redirectStatuses = [301, 302, 303, 307, 308];
const bodyHeaders = /^(content-|webhook-)/;
/** What another origin may know: credentials come under too many names to list those instead. */
const openHeaders = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "content-type",
  "traceparent",
  "user-agent",
  "x-trace-id",
]);

/** The request that a redirect asks for, by the rules of fetch; undefined for an answer that is none. @throws NonRetryableError */
export function redirected(
  request: OutgoingRequest,
  status: number,
  location: string | undefined,
): OutgoingRequest | undefined {
  if (!redirectStatuses.includes(status) || location === undefined) return undefined;
  const url = URL.parse(location, request.url);
  if (url === null || !isRequestUrl(url.href))
    throw new NonRetryableError("The answer redirects to a URL that can't be requested");
  if (request.url.protocol === "https:" && url.protocol === "http:") {
    throw new NonRetryableError("The answer redirects from https to http");
  }
  const toGet = status === 303 ? request.method !== "HEAD" : status <= 302 && request.method === "POST";
  const keep = (name: string) =>
    (!toGet || !bodyHeaders.test(name)) && (url.origin === request.url.origin || openHeaders.has(name));
  return {
    method: toGet ? "GET" : request.method,
    url,
    headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => keep(name))),
    body: toGet ? undefined : request.body,
  };
}
