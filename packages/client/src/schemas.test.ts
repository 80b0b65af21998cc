import { beforeEach, describe, expect, it } from "vitest";

import { type MillraceClient, createClient } from "./client.ts";

let sent: { readonly method: string; readonly url: string; readonly body: unknown }[];
let answer: { readonly status: number; readonly body: unknown };
let client: MillraceClient;

beforeEach(() => {
  sent = [];
  client = createClient({
    baseUrl: "https://jobs.example.com",
    apiKey: "key",
    fetch: async (url, init) => {
      const request = new Request(url, init);
      const text = await request.text();
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      sent.push({ method: request.method, url: request.url, body });
      return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), { status: answer.status });
    },
  });
});

const at = (path: string) => `https://jobs.example.com/v1/schemas${path}`;

describe("the schemas of a client", () => {
  it("are published by type, whatever characters that has", async () => {
    answer = { status: 200, body: { type: "mail/send", version: 1, created: true } };
    const schema = { type: "object" };
    expect(await client.schemas.publish("mail/send", schema)).toEqual(answer.body);
    expect(sent).toEqual([{ method: "PUT", url: at("/mail%2Fsend"), body: { schema } }]);
  });

  it("are listed and got, in force or by version", async () => {
    answer = { status: 200, body: { items: [], nextCursor: null } };
    expect(await client.schemas.list({ limit: 2 })).toEqual(answer.body);
    await client.schemas.get("t");
    await client.schemas.get("t", { version: 3 });
    expect(sent.map(({ method, url }) => [method, url])).toEqual([
      ["GET", at("?limit=2")],
      ["GET", at("/t")],
      ["GET", at("/t?version=3")],
    ]);
  });

  it("are deleted without an answer", async () => {
    answer = { status: 204, body: undefined };
    await client.schemas.delete("t");
    expect(sent).toEqual([{ method: "DELETE", url: at("/t"), body: undefined }]);
  });
});
