import { mkdir, readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type ObjectStoreFixture, type OpenObjectStore, putContent, readText } from "./fixture.ts";

/** Reading: whole, in parts, as a local file. */
export function describeReads(open: OpenObjectStore): void {
  describe("read and fetch", () => {
    let fixture: ObjectStoreFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(() => fixture.close());

    test("a range is its bytes, the end not included", async () => {
      await putContent(fixture, "digits", "0123456789");
      const range = (start: number, end: number) => readText(fixture.store, "digits", { start, end });
      expect(await range(0, 1)).toBe("0");
      expect(await range(2, 5)).toBe("234");
      expect(await range(0, 10)).toBe("0123456789");
      expect(await range(9, 10)).toBe("9");
    });

    test("a range past the end is what there is of it", async () => {
      await putContent(fixture, "digits", "0123456789");
      const range = (start: number, end: number) => readText(fixture.store, "digits", { start, end });
      expect(await range(8, 100)).toBe("89");
      expect(await range(10, 20)).toBe("");
      expect(await range(50, 60)).toBe("");
      expect(await range(4, 4)).toBe("");
    });

    test("what isn't a range is refused", async () => {
      await putContent(fixture, "digits", "0123456789");
      await expect(fixture.store.read("digits", { start: 3, end: 2 })).rejects.toMatchObject({ code: "INTERNAL" });
      await expect(fixture.store.read("digits", { start: -3, end: 2 })).rejects.toMatchObject({ code: "INTERNAL" });
    });

    test("what isn't there is told apart from failures", async () => {
      await putContent(fixture, "a/b/c", "x");
      for (const path of ["a", "a/b", "a/b/c/d", "a/b/d", "z"]) {
        expect(await fixture.store.head(path)).toBeUndefined();
        await expect(fixture.store.read(path)).rejects.toMatchObject({ code: "NOT_FOUND" });
        await expect(fixture.store.read(path, { start: 1, end: 1 })).rejects.toMatchObject({ code: "NOT_FOUND" });
        await expect(fixture.store.fetch(path, join(fixture.folder, "copy"))).rejects.toMatchObject({
          code: "NOT_FOUND",
        });
      }
    });

    test("a local file is whole and can't be written, and a failed one leaves nothing", async () => {
      await putContent(fixture, "a/b", "content");
      const folder = join(fixture.folder, "fetched");
      await mkdir(folder);
      const target = join(folder, "copy");
      const local = await fixture.store.fetch("a/b", target);
      expect(await readFile(local, "utf8")).toBe("content");
      expect((await stat(local)).mode & 0o777).toBe(0o444);
      await expect(fixture.store.fetch("a/c", join(folder, "other"))).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(await readdir(folder)).toEqual(fixture.store.kind === "fs" ? [] : ["copy"]);
    });

    test("a reader that goes away leaves the store as it was", async () => {
      await putContent(fixture, "large", Buffer.alloc(4 * 1024 * 1024, "x"));
      for (let reader = 0; reader < 100; reader++) {
        const stream = await fixture.store.read("large");
        for await (const chunk of stream) {
          expect(chunk).toBeInstanceOf(Buffer);
          break;
        }
        expect(stream.destroyed).toBe(true);
      }
      expect(await readText(fixture.store, "large", { start: 0, end: 3 })).toBe("xxx");
    });

    test("ping finds it usable", async () => {
      await expect(fixture.store.ping()).resolves.toBeUndefined();
    });
  });
}
