import { type Json, limits } from "@millrace/contract";

import type { Answer } from "./send.ts";

/** What a completed `http.request` keeps. The body is JSON where the answer says so and it is whole, else text. */
export interface HttpRequestResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  /** Present when there was more body than is kept. */
  readonly truncated?: true;
}

const headersMax = 64;
const headerCharactersMax = 1_024;

/** The bounded result of an answer. Cookies are left out: they are credentials. */
export function resultOf(answer: Answer): HttpRequestResult {
  const { status } = answer;
  const headers = keptHeaders(answer.headers);
  const text = textOf(answer);
  const json = answer.truncated ? undefined : parsedJson(headers["content-type"], text);
  if (json !== undefined && fits({ status, headers, body: json })) return { status, headers, body: json };
  let body = text;
  // Control characters take six bytes each as JSON.
  while (!fits({ status, headers, body, truncated: true }))
    body = body.slice(0, Math.floor(body.length / 2)).toWellFormed();
  return { status, headers, body, ...(answer.truncated || body !== text ? { truncated: true } : {}) };
}

/** The body as text; a character that was cut in two is dropped. */
export function textOf({ body }: Pick<Answer, "body">): string {
  return new TextDecoder().decode(body, { stream: true });
}

function keptHeaders(headers: Answer["headers"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name, value]) => value !== undefined && name !== "set-cookie")
      .slice(0, headersMax)
      .map(([name, value]) => [name, String(value).slice(0, headerCharactersMax)]),
  );
}

function parsedJson(contentType: string | undefined, text: string): Json | undefined {
  if (!/^application\/(?:[^;]+\+)?json\b/i.test(contentType ?? "")) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function fits(result: HttpRequestResult): boolean {
  return Buffer.byteLength(JSON.stringify(result)) <= limits.resultBytesMax;
}
