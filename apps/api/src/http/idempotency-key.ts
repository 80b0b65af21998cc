import { z } from "@hono/zod-openapi";

import { MillraceError, limits } from "@millrace/contract";

import type { ApiContext } from "./api-env.ts";

/** How the header looks in the documentation. */
export const idempotencyKeyHeader = z.object({
  "Idempotency-Key": z
    .string()
    .min(1)
    .max(limits.keyCharactersMax)
    .optional()
    .meta({ description: "The same as `idempotencyKey` in the body; visible ASCII, with or without quotes." }),
});

/** A body with the key of the header in it. @throws VALIDATION_FAILED for a header that isn't one, or that differs from the body */
export function withIdempotencyKey(c: ApiContext, body: unknown): unknown {
  const header = c.req.header("idempotency-key");
  if (header === undefined || typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const key = unquote(header);
  if (!/^[\x20-\x7e]+$/.test(key)) throw refusal("invalid_format", "Visible ASCII, with or without quotes.");
  const own: unknown = "idempotencyKey" in body ? body.idempotencyKey : undefined;
  if (own !== undefined && own !== key)
    throw refusal("conflict", "The same as idempotencyKey in the body, or only one of the two.");
  return { ...body, idempotencyKey: key };
}

/** For a route where one key could not say what it means. @throws VALIDATION_FAILED */
export function refuseIdempotencyKey(c: ApiContext, message: string): void {
  if (c.req.header("idempotency-key") !== undefined) throw refusal("unknown_field", message);
}

/** The header is a structured-field string, so quoted; most clients send it bare. */
function unquote(header: string): string {
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header.trim())?.[1];
  return quoted === undefined ? header.trim() : quoted.replaceAll(/\\(["\\])/g, "$1");
}

function refusal(code: string, message: string): MillraceError {
  return new MillraceError("VALIDATION_FAILED", "The Idempotency-Key header does not have the expected shape.", {
    errors: [{ path: "Idempotency-Key", code, message }],
  });
}
