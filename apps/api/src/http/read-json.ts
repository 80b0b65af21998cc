import { isUtf8 } from "node:buffer";

import { MillraceError } from "@millrace/contract";
import { parseExactJson } from "@millrace/core";

import type { ApiContext } from "./api-env.ts";
import { jsonFault } from "./json-fault.ts";
import { gzipUnsaid, hasBody, isGzipped, readBody, type ReadBodyOptions } from "./read-body.ts";
import { scanJson } from "./scan-json.ts";

const jsonType = /^application\/json *(?:; *charset *= *"?utf-8"? *)?;? *$/i;

/** The JSON body of a request. @throws UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, MALFORMED_JSON, VALIDATION_FAILED */
export async function readJson(c: ApiContext, bytesMax: number): Promise<unknown> {
  return parseJson(await readJsonBytes(c, bytesMax));
}

export interface ReadJsonOptions extends ReadBodyOptions {
  /** What the route takes besides JSON, for whoever sends something else. */
  readonly otherTypes?: readonly string[];
}

/** The body of a request that says it is JSON. @throws UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, MALFORMED_JSON for none */
export async function readJsonBytes(c: ApiContext, bytesMax: number, options: ReadJsonOptions = {}): Promise<Buffer> {
  const { incoming, outgoing } = c.env;
  if (!jsonType.test(incoming.headers["content-type"] ?? "")) {
    if (!hasBody(incoming)) throw malformed("The body is empty; send a JSON object.");
    const types = ["application/json", ...(options.otherTypes ?? [])];
    outgoing.setHeader("Accept", types.join(", "));
    throw new MillraceError("UNSUPPORTED_MEDIA_TYPE", `Send the body with Content-Type: ${types.join(" or ")}.`);
  }
  return readBody(incoming, outgoing, bytesMax, options);
}

export interface ParseJsonOptions {
  /** Numbers that a double can't hold are kept with all their digits (see `parseExactJson`), where they would be refused otherwise. */
  readonly exact?: boolean;
}

/** Like readJson; an empty object where the request has no body. */
export async function readOptionalJson(c: ApiContext, bytesMax: number): Promise<unknown> {
  return hasBody(c.env.incoming) ? readJson(c, bytesMax) : {};
}

/** Parses a body, refusing what would be changed on the way. @throws MALFORMED_JSON, VALIDATION_FAILED */
export function parseJson(body: Buffer, { exact = false }: ParseJsonOptions = {}): unknown {
  if (body.length === 0) throw malformed("The body is empty; send a JSON object.");
  if (!isUtf8(body)) throw malformed(isGzipped(body) ? gzipUnsaid : "The body is not valid UTF-8.");
  const text = withoutByteOrderMark(body.toString("utf8"));
  let value: unknown;
  try {
    value = exact ? parseExactJson(text) : JSON.parse(text);
  } catch (error) {
    throw malformed(`The body is not valid JSON${jsonFault(error)}.`);
  }
  const faults = scanJson(text, { numbers: !exact });
  if (faults.length === 0) return value;
  throw new MillraceError("VALIDATION_FAILED", "The body holds what JSON readers do not agree on.", { errors: faults });
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

function malformed(message: string): MillraceError {
  return new MillraceError("MALFORMED_JSON", message);
}
