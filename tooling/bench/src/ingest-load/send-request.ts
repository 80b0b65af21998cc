import { type Agent, type IncomingMessage, request } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** One request to ingest. */
export interface SentRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent?: Agent | undefined;
}

/** What the API said. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends a body, in one piece or as a stream, and resolves with the whole answer. */
export async function sendRequest(
  { url, headers, agent }: SentRequest,
  type: string,
  body: string | Readable,
): Promise<Answer> {
  const call = request(url, { method: "POST", agent, headers: { ...headers, "content-type": type } });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    call.once("response", resolve).once("error", reject);
  });
  if (typeof body === "string") call.end(body);
  else await pipeline(body, call);
  const answer = await answered;
  let text = "";
  for await (const part of answer.setEncoding("utf8")) text += part as string;
  return { status: answer.statusCode ?? 0, text };
}
