import { describe, expect, test, vi } from "vitest";

import { MillraceError } from "@millrace/contract";

import { apiOfTest } from "../../testing/api-of-test.ts";
import { beginUpload } from "../../testing/begin-upload.ts";
import { makeTable } from "../../testing/make-table.ts";
import { passTime } from "../../testing/pass-time.ts";
import type { TestApiOptions } from "../../testing/start-test-api.ts";
import { withBus } from "../../testing/with-bus.ts";

async function open(options: TestApiOptions = {}) {
  const api = await apiOfTest(options);
  await makeTable(api, { name: "clicks", columns: { n: "int64", filler: "varchar" } });
  const { key } = await api.makeKey();
  return {
    api,
    begin: () => beginUpload({ port: api.port, key }),
    key,
    stored: async () => {
      const rows = await api.composition.db.query<{ key: string }>(
        { name: "test.keys", text: "select key from millrace.events order by event_offset" },
        [],
      );
      return rows.map((row) => row.key);
    },
  };
}

const line = (key: string, filler = "") => `${JSON.stringify({ idempotencyKey: key, payload: { n: 1, filler } })}\n`;
const away = () => new MillraceError("UNAVAILABLE", "The log is away.", { retryAfterMs: 7_000 });
const headers = { "content-type": "application/x-ndjson" };

describe("an upload", () => {
  test("that is slow is stored as it comes, and lasts as long as it makes progress", async () => {
    const { begin, stored } = await open({ values: { "server.requestTimeoutMs": 60_000 } });
    const upload = await begin();
    const halted = await begin();
    let isLate = false;
    const late = halted.answer().finally(() => (isLate = true));
    const sent: string[] = [];
    // Whoever looks for what is late has looked when the other one is found.
    while (!isLate) {
      sent.push(`k${sent.length}`);
      upload.send(line(sent.at(-1) ?? ""));
      await vi.waitFor(async () => expect(await stored()).toEqual(sent));
      passTime(40_000);
    }
    expect((await late).status).toBe(408);
    expect(sent.length).toBeGreaterThan(1);
    upload.end();
    const { status, body } = await upload.answer();
    expect([status, JSON.parse(body)]).toEqual([202, expect.objectContaining({ acceptedCount: sent.length })]);
  });

  test("that comes to a halt ends, and says what was accepted", async () => {
    const { begin, stored } = await open({ values: { "server.requestTimeoutMs": 60_000 } });
    const upload = await begin();
    upload.send(line("k1"));
    await vi.waitFor(async () => expect(await stored()).toEqual(["k1"]));
    upload.send(line("k2").slice(0, 20));
    // More than once: until it has heard that its record is stored, it isn't the client that is waited for.
    const passing = setInterval(passTime, 500, 60_000);
    const { status } = await upload.answer();
    clearInterval(passing);
    expect(status).toBe(408);
    expect(await stored()).toEqual(["k1"]);
  });

  test("that is cut midway keeps what was accepted, takes no half line, and can be sent again", async () => {
    const { api: at, begin, key, stored } = await open();
    const upload = await begin();
    upload.send(line("k1"));
    await vi.waitFor(async () => expect(await stored()).toEqual(["k1"]));
    upload.send(line("k2").trimEnd());
    upload.reset();
    await vi.waitFor(() =>
      expect(at.logs.some(({ route, status }) => route === "/v1/ingest/{table}" && status === 499)).toBe(true),
    );
    expect(await stored()).toEqual(["k1"]);
    const again = await at.ask("POST /v1/ingest/clicks", { key, headers, body: line("k1") + line("k2") });
    expect(again.json).toMatchObject({ acceptedCount: 1, duplicateCount: 1 });
  });

  test("that fails midway says what was accepted, and when to send all of it again", async () => {
    let publishes = 0;
    const {
      api: at,
      key,
      stored,
    } = await open({
      values: { "ingest.chunkRecordsMax": 10 },
      replace: withBus((bus) => ({
        ...bus,
        publish: (...given) => (++publishes === 3 ? Promise.reject(away()) : bus.publish(...given)),
      })),
    });
    const body = Array.from({ length: 100 }, (_, n) => line(`k${n}`)).join("");
    const failed = await at.ask("POST /v1/ingest/clicks", { key, headers, body });
    expect([failed.status, failed.headers.get("retry-after")]).toEqual([503, "7"]);
    const accepted = (await stored()).length;
    expect(accepted).toBeGreaterThanOrEqual(20);
    expect(accepted).toBeLessThan(100);
    expect(failed.json).toMatchObject({
      acceptedCount: accepted,
      rejectedCount: 0,
      visibilityToken: expect.any(String),
    });
    const again = await at.ask("POST /v1/ingest/clicks", { key, headers, body });
    expect(again.json).toMatchObject({ acceptedCount: 100 - accepted, duplicateCount: accepted });
  });

  test("that brings no record holds nothing, and a tenant may have only so many open", async () => {
    const {
      api: at,
      begin,
      key,
      stored,
    } = await open({
      values: {
        "ingest.tenantUploadsMax": 40,
        "ingest.bodyBytesMax": 1_048_576,
        "ingest.tenantMemoryBytesMax": 2_097_152,
      },
    });
    const { ingestDesk } = at.composition;
    const entering = vi.spyOn(ingestDesk!.uploads, "enter");
    for (let n = 0; n < 39; n++) await begin();
    await vi.waitFor(() => expect(entering).toHaveBeenCalledTimes(39));
    const upload = () => at.ask("POST /v1/ingest/clicks", { key, headers, body: line("k1") });
    const json = () =>
      at.ask("POST /v1/ingest/clicks", { key, body: { records: [{ idempotencyKey: "k2", payload: { n: 1 } }] } });
    expect((await upload()).json).toMatchObject({ acceptedCount: 1 });
    expect(ingestDesk?.memory.bytes()).toBe(0);
    const last = await begin();
    last.send(line("k3"));
    await vi.waitFor(async () => expect(await stored()).toEqual(["k1", "k3"]));
    const refused = await upload();
    expect([refused.json.code, refused.headers.get("retry-after")]).toEqual(["RATE_LIMITED", "30"]);
    expect((await json()).json).toMatchObject({ acceptedCount: 1 });
    last.end();
    expect((await last.answer()).status).toBe(202);
    await vi.waitFor(async () => expect((await upload()).status).toBe(202));
  });

  test("that goes on with empty lines alone ends", async () => {
    const { begin } = await open({
      values: { "server.requestTimeoutMs": 1_000, "server.headersTimeoutMs": 500 },
    });
    const upload = await begin();
    const timer = setInterval(() => upload.send("\n"), 100);
    try {
      expect((await upload.answer()).status).toBe(408);
    } finally {
      clearInterval(timer);
    }
  });
});
