import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { beginUpload } from "../../testing/begin-upload.ts";
import { makeTable } from "../../testing/make-table.ts";

const { api, key } = await apiOfFile({ values: { "ingest.chunkRecordsMax": 100 } });
await makeTable(api, { name: "clicks", columns: { n: "int64", text: "varchar" } });

const mebibyte = 1_024 * 1_024;
const ends = ["\n", "\r\n", "\n\n", "\r\n \t\r\n"];
/** One, two, three and four bytes of UTF-8, and what looks like the end of a line within a text. */
const letters = ["a", "é", "漢", "🙂", "\u2028", "\\n"];

interface Sent {
  readonly body: Buffer;
  /** Keys and payloads in the order of their lines. */
  readonly records: readonly (readonly [key: string, payload: string])[];
}

/** Long and short lines in turn, ended in every way, the last one not at all. */
function linesOf(prefix: string, count: number): Sent {
  const records: [string, string][] = [];
  let body = "\uFEFF";
  let number = 1;
  for (let n = 0; n < count; n++) {
    const letter = letters[n % letters.length] ?? "";
    const text = letter.repeat(n % 2 === 0 ? 1 + (n % 7) : 3_000 + (n % 977));
    const payload = `{"n":${n},"text":"${text}"}`;
    // What has no key of its own has that of its line.
    const own = n % 5 === 0 ? `"idempotencyKey":"${prefix}-own-${n}",` : "";
    records.push([own === "" ? `${prefix}:${number}` : `${prefix}-own-${n}`, payload]);
    const end = n === count - 1 ? "" : (ends[n % ends.length] ?? "");
    body += `{${own}"payload":${payload}}${end}`;
    number += end.split("\n").length - 1;
  }
  return { body: Buffer.from(body), records };
}

/**
 * Cuts of many sizes, so that they fall within lines, characters and ends of lines.
 * @yields each cut
 */
function* cuts(body: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (let n = 0; at < body.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    yield body.subarray(at, at + size);
    at += size;
  }
}

async function upload(prefix: string, chunks: Iterable<Uint8Array>, headers: Readonly<Record<string, string>> = {}) {
  const begun = await beginUpload({ port: api.port, key, headers: { "x-idempotency-prefix": prefix, ...headers } });
  for (const chunk of chunks) begun.send(chunk);
  begun.end();
  const { status, body } = await begun.answer();
  return { http: status, ...(JSON.parse(body) as object) };
}

/** Keys and payloads as the log has them, in the order of their offsets. */
async function logged(prefix: string): Promise<readonly (readonly [string, string])[]> {
  const rows = await api.composition.db.query<{ key: string; payload: string }>(
    {
      name: "test.logged",
      text: "select key, payload from millrace.events where starts_with(key, $1) order by event_offset",
    },
    [prefix],
  );
  return rows.map((row) => [row.key, row.payload] as const);
}

test.each([
  ["odd", [1, 2, 3, 5, 7, 4_093, 11, 65_537]],
  ["tiny", [13]],
  ["large", [3 * mebibyte]],
])("every record of an upload in %s chunks is stored once, in the order of its lines", async (prefix, sizes) => {
  const { body, records } = linesOf(prefix, prefix === "tiny" ? 60 : 1_500);
  const answer = await upload(prefix, cuts(body, sizes));
  expect(answer).toMatchObject({ http: 202, acceptedCount: records.length, duplicateCount: 0, rejectedCount: 0 });
  expect(await logged(prefix)).toEqual(records);
});

test("gzip that was put together of several members, cut within lines, is one body", async () => {
  const { body, records } = linesOf("zip", 1_500);
  const members = Buffer.concat([...cuts(body, [40_001, 1, 250_007])].map((part) => gzipSync(part)));
  const answer = await upload("zip", cuts(members, [1, 2, 997]), { "content-encoding": "gzip" });
  expect(answer).toMatchObject({ http: 202, acceptedCount: records.length, rejectedCount: 0 });
  expect(await logged("zip")).toEqual(records);
});

test("broken lines among them are told by their numbers, and all others are stored in order", async () => {
  const { body, records } = linesOf("mixed", 900);
  const lines = body.toString().split("\n");
  const broken = lines.flatMap((line, at) => (at % 90 === 40 && line.trim() !== "" ? [at + 1] : []));
  const sent = lines.map((line, at) => (broken.includes(at + 1) ? `${line.trimEnd()}x\r` : line)).join("\n");
  const answer = await upload("mixed", cuts(Buffer.from(sent), [7, 70_001]));
  expect(broken.length).toBeGreaterThan(5);
  expect(answer).toMatchObject({
    acceptedCount: records.length - broken.length,
    rejectedCount: broken.length,
    errors: broken.map((index) => ({ index, code: "MALFORMED_JSON" })),
  });
  const stored = (await logged("mixed")).map(([name]) => name);
  expect(stored).toEqual(records.map(([name]) => name).filter((name) => stored.includes(name)));
  expect(stored).toHaveLength(records.length - broken.length);
});
