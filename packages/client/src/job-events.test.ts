import { describe, expect, it, vi } from "vitest";

import { createClient } from "./client.ts";

const block = (id: string, event: string, data: object) =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** A client whose connections are answered one after the other; tells which ids they resumed behind. */
function clientOf(answers: readonly (() => Response | Promise<never>)[], options: { retriesMax?: number } = {}) {
  const resumed: (string | null)[] = [];
  const signals: AbortSignal[] = [];
  const answerNext: typeof fetch = (_url, init) => {
    resumed.push(new Headers(init?.headers).get("last-event-id"));
    if (init?.signal) signals.push(init.signal);
    const answer = answers[resumed.length - 1];
    return answer === undefined ? Promise.reject(new Error("no more answers")) : Promise.resolve(answer());
  };
  return {
    client: createClient({ baseUrl: "http://x", apiKey: "k", fetch: answerNext, ...options }),
    resumed,
    signals,
  };
}

/** An answer that sends these pieces and then breaks or ends. */
const stream =
  (pieces: readonly string[], breaks = false) =>
  () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
          if (breaks) setTimeout(() => controller.error(new Error("reset")), 1);
          else controller.close();
        },
      }),
      { status: 200 },
    );
const problem = (status: number, code: string, retryable: boolean) => () =>
  Response.json(
    { type: "t", title: "t", status, detail: "d", code, retryable },
    { status, headers: { "retry-after": "0" } },
  );

async function collect(events: AsyncIterable<{ id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of events) ids.push(id);
  return ids;
}

describe("the events of a job", () => {
  it("go on behind the last one, over connections that break, end early or are refused for a while", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const { client, resumed } = clientOf([
      stream(["retry: 1000\n\n", block("1", "job", { status: "pending" }), ":\n\n", block("2", "log", {})], true),
      problem(503, "UNAVAILABLE", true),
      stream([block("3", "log", {}), "id: 4\nevent: log\nda"]),
      stream([block("4", "attempt", {}), block("5", "end", { status: "completed" })]),
    ]);
    expect(await collect(client.jobs.events("j"))).toEqual(["1", "2", "3", "4", "5"]);
    expect(resumed).toEqual([null, "2", "2", "3"]);
  });

  it("are read whole however the bytes are cut", async () => {
    const text = block("1", "log", { message: "Grüße 🙂\n\n" }) + block("2", "end", { status: null });
    const bytes = new TextEncoder().encode(text);
    const answer = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
            controller.close();
          },
        }),
      );
    const events = [];
    for await (const event of clientOf([answer]).client.jobs.events("j")) events.push(event);
    expect(events).toEqual([
      { id: "1", event: "log", data: { message: "Grüße 🙂\n\n" } },
      { id: "2", event: "end", data: { status: null } },
    ]);
  });

  it("are none where all has been told, and an error where there is no such job", async () => {
    const told = clientOf([() => new Response(null, { status: 204 })]);
    expect(await collect(told.client.jobs.events("j", { lastEventId: "9" }))).toEqual([]);
    expect(told.resumed).toEqual(["9"]);
    const { client } = clientOf([problem(404, "JOB_NOT_FOUND", false)]);
    await expect(collect(client.jobs.events("j"))).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  });

  it("give up after as many failures in a row as the client allows", async () => {
    const { client, resumed } = clientOf([problem(503, "UNAVAILABLE", true), problem(503, "UNAVAILABLE", true)], {
      retriesMax: 1,
    });
    await expect(collect(client.jobs.events("j"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(resumed).toHaveLength(2);
  });

  it("close their connection when nobody wants more", async () => {
    const { client, signals } = clientOf([stream([block("1", "job", {}), block("2", "log", {})])]);
    for await (const _ of client.jobs.events("j")) break;
    expect(signals[0]?.aborted).toBe(true);
  });
});
