import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  type ObjectStoreFixture,
  type OpenObjectStore,
  fileWith,
  listPaths,
  putContent,
  readAll,
  readText,
} from "./fixture.ts";

/** Storing: whole, once, and never over another object. */
export function describePuts(open: OpenObjectStore): void {
  describe("put", () => {
    let fixture: ObjectStoreFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(() => fixture.close());

    test("what is stored is there for everybody, with its size and time", async () => {
      expect(await putContent(fixture, "3/17/a.parquet", "twelve bytes")).toEqual({ bytes: 12 });
      expect(await readText(fixture.other, "3/17/a.parquet")).toBe("twelve bytes");
      const found = await fixture.other.head("3/17/a.parquet");
      expect(found).toEqual({ path: "3/17/a.parquet", bytes: 12, modifiedAt: expect.any(Date) });
      const ageMs = (await fixture.store.now()).getTime() - Number(found?.modifiedAt);
      expect(Math.abs(ageMs)).toBeLessThan(60_000);
    });

    test("an empty file is an object", async () => {
      expect(await putContent(fixture, "empty", "")).toEqual({ bytes: 0 });
      expect(await fixture.store.head("empty")).toMatchObject({ bytes: 0 });
      expect(await readText(fixture.store, "empty")).toBe("");
      expect(await readFile(await fixture.store.fetch("empty", join(fixture.folder, "copy")), "utf8")).toBe("");
    });

    test("many megabytes come back as they went", async () => {
      const content = randomBytes(24 * 1024 * 1024 + 7);
      expect(await putContent(fixture, "large", content)).toEqual({ bytes: content.length });
      expect(content.equals(await readAll(fixture.store, "large"))).toBe(true);
      const copy = await fixture.store.fetch("large", join(fixture.folder, "copy"));
      expect(content.equals(await readFile(copy))).toBe(true);
    });

    test("an object is never replaced, also not by its like", async () => {
      await putContent(fixture, "a/b", "first");
      for (const content of ["second", "first"]) {
        await expect(putContent(fixture, "a/b", content)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
      }
      expect(await readText(fixture.store, "a/b")).toBe("first");
    });

    test("of many that store under one path at once, one wins", async () => {
      for (const round of [1, 2, 3]) {
        const path = `race/${round}`;
        const contents = Array.from({ length: 16 }, (_, index) => `${index} `.repeat(1_000));
        const files = await Promise.all(contents.map((content) => fileWith(fixture, content)));
        const outcomes = await Promise.allSettled(
          files.map((file, index) => (index % 2 === 0 ? fixture.store : fixture.other).put(path, file)),
        );
        const winners = contents.filter((_, index) => outcomes[index]?.status === "fulfilled");
        expect(winners).toEqual([await readText(fixture.store, path)]);
        for (const outcome of outcomes) {
          if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "ALREADY_EXISTS" });
        }
      }
    });

    test("a file that isn't there leaves no object behind", async () => {
      const put = fixture.store.put("a", join(fixture.folder, "absent"));
      await expect(put).rejects.toMatchObject({ code: "INTERNAL" });
      expect(await listPaths(fixture.store, "")).toEqual([]);
    });

    test.each(["../a", "a/../../b", "/etc/passwd", "a//b", "", "a/", ".", "a b", "a\0b", "é"])(
      "%j leads nowhere",
      async (path) => {
        const { store, folder } = fixture;
        const refused = { code: "INTERNAL" };
        await expect(putContent(fixture, path, "x")).rejects.toMatchObject(refused);
        await expect(store.head(path)).rejects.toMatchObject(refused);
        await expect(store.read(path)).rejects.toMatchObject(refused);
        await expect(store.fetch(path, join(folder, "copy"))).rejects.toMatchObject(refused);
        await expect(store.delete([path])).rejects.toMatchObject(refused);
        expect(await listPaths(store, "")).toEqual([]);
      },
    );
  });
}
