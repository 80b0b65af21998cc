import { Writable } from "node:stream";

import { afterAll, expect, test } from "vitest";

import type { Statement } from "../executor.ts";
import { testDatabase } from "../testing/test-database.ts";

const { database, close } = await testDatabase();
afterAll(close);

const one: Statement = { name: "test", text: "select 1 as one" };

/** Takes a chunk at a time, each in a turn of its own. */
function slowSink() {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      setImmediate(done);
    },
  });
  return { sink, text: () => Buffer.concat(chunks).toString() };
}

test.each([1, 10_000, 100_000, 1_000_000])(
  "a copy of rows of %i bytes arrives whole at a slow sink, and the session goes on behind it",
  async (bytes) => {
    const session = await database.connect();
    for (let round = 0; round < 3; round++) {
      const { sink, text } = slowSink();
      await session.copyTo(`copy (select repeat('x', ${bytes}) from generate_series(1, 3)) to stdout`, sink);
      expect(text()).toBe(`${"x".repeat(bytes)}\n`.repeat(3));
      expect(await session.query(one, [], { timeoutMs: 10_000 })).toEqual([{ one: 1 }]);
    }
    await session.close();
  },
);

test("a copy that fails says why, before its first byte and behind it", async () => {
  for (const text of [
    "copy (select nothing) to stdout",
    "copy (select 1 / (100000 - n) from generate_series(1, 200000) n) to stdout",
  ]) {
    const session = await database.connect();
    await expect(session.copyTo(text, slowSink().sink)).rejects.toMatchObject({ name: "MillraceError" });
    await session.close();
  }
});

test("a copy into a sink that fails ends", async () => {
  const session = await database.connect();
  const sink = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
  await expect(
    session.copyTo("copy (select repeat('x', 1000) from generate_series(1, 100000)) to stdout", sink),
  ).rejects.toMatchObject({ cause: { message: "disk full" } });
  await session.close();
});
