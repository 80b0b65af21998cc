import { MillraceError } from "@millrace/contract";

import { errorCode } from "../fs/fs-error.ts";

const retryAfterDefaultMs = 1_000;

/** Answers that another try may change although their status doesn't say so. */
const transientNames = new Set([
  "SlowDown",
  "RequestTimeout",
  "RequestTimeTooSkewed",
  "OperationAborted",
  "ConditionalRequestConflict",
  "InternalError",
  "ServiceUnavailable",
  // The content was spoilt on its way.
  "BadDigest",
  "XAmzContentSHA256Mismatch",
  // Ours, where nothing has moved for too long.
  "TimeoutError",
  "AbortError",
]);

const connectionCode =
  /^(?:ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|HPE_\w+|ERR_STREAM_PREMATURE_CLOSE)$/;
const certificateCode = /CERT|^UNABLE_TO_|^ERR_TLS_/;

interface Answer {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

/** The status of the answer that an error tells of; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = (error ?? {}) as Answer;
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** The code of S3, such as NoSuchBucket. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** True where the same request may be answered otherwise in a moment. */
export function isTransient(error: unknown): boolean {
  if (error instanceof MillraceError) return error.code === "UNAVAILABLE";
  if (transientNames.has(nameOf(error))) return true;
  const status = statusOf(error);
  if (status === undefined) return connectionCode.test(errorCode(error) ?? "");
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** What went wrong with S3 as those above the store see it. */
export function s3Error(bucket: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  if (isTransient(error)) {
    return new MillraceError("UNAVAILABLE", "The object store can't be reached or is too busy", {
      cause: error,
      retryAfterMs: retryAfterMs(error) ?? retryAfterDefaultMs,
    });
  }
  return new MillraceError("INTERNAL", `The object store refuses: ${reason(bucket, error)}`, { cause: error });
}

/** How long the server asks to be left alone. */
export function retryAfterMs(error: unknown): number | undefined {
  const seconds = Number(((error ?? {}) as Answer).$response?.headers?.["retry-after"] ?? Number.NaN);
  return seconds >= 0 ? seconds * 1_000 : undefined;
}

function reason(bucket: string, error: unknown): string {
  const name = nameOf(error);
  const status = statusOf(error);
  if (name === "NoSuchBucket") return `there is no bucket ${bucket}`;
  if (
    ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"].includes(name) ||
    status === 401
  ) {
    return "it doesn't know these credentials, or they have expired";
  }
  if (name === "CredentialsProviderError") return "no credentials are configured, and none were found";
  if (status === 403) return `these credentials don't have the permissions that are needed on bucket ${bucket}`;
  if (status === 301 || status === 307 || name === "AuthorizationHeaderMalformed") {
    return `bucket ${bucket} is in another region or has another endpoint`;
  }
  if (status === 501)
    return "it doesn't know conditional writes (If-None-Match), without which objects could be replaced";
  if (certificateCode.test(errorCode(error) ?? "")) return "its certificate is not trusted by this machine";
  return `${name || "an error without a name"}${status === undefined ? "" : ` (${status})`}`;
}
