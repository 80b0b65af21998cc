import { z } from "zod";

import { jsonSchema } from "@millrace/contract";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const urlCharactersMax = 8_192;
const headersMax = 50;
const headerBytesMax = 8_192;

/** The worker's own, and those that belong to one connection. */
const reservedHeaders: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "traceparent",
  "transfer-encoding",
  "upgrade",
  "webhook-id",
  "webhook-signature",
  "webhook-timestamp",
  "x-trace-id",
]);

const headerName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "not a header name")
  .refine((name) => !reservedHeaders.has(name.toLowerCase()), "this header is set by the worker");
const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "a header value is one line of Latin-1 text")
  .refine((value) => value === value.trim(), "no space at the ends");

/** What an `http.request` job asks for. A body is sent as JSON unless it is a string; without a method it makes the request a POST. */
export const httpRequestPayload = z
  .strictObject({
    method: z.enum(methods).optional(),
    url: z.string().max(urlCharactersMax).refine(isRequestUrl, "an http or https URL without user name and password"),
    headers: z
      .record(headerName, headerValue)
      .refine((headers) => Object.keys(headers).length <= headersMax, `at most ${headersMax} headers`)
      .refine(
        (headers) => JSON.stringify(headers).length <= headerBytesMax,
        `at most ${headerBytesMax} bytes of headers`,
      )
      .optional(),
    body: jsonSchema.optional(),
  })
  .refine(({ method, body }) => body === undefined || (method !== "GET" && method !== "HEAD"), {
    path: ["body"],
    message: "GET and HEAD take no body",
  });

export type HttpRequestPayload = z.output<typeof httpRequestPayload>;

/** True for a URL that may be asked for: http or https, without credentials in it. */
export function isRequestUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}
