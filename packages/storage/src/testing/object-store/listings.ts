import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type ObjectStoreFixture, type OpenObjectStore, listAll, listPaths, putContent } from "./fixture.ts";

const numbered = Array.from({ length: 60 }, (_, index) => `7/${String(index).padStart(3, "0")}.parquet`);

/** Listing and deleting. */
export function describeListings(open: OpenObjectStore): void {
  describe("list and delete", () => {
    let fixture: ObjectStoreFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(() => fixture.close());

    async function putAll(paths: readonly string[]): Promise<void> {
      await Promise.all(paths.map((path) => putContent(fixture, path, path)));
    }

    test("an empty store lists nothing", async () => {
      expect(await listPaths(fixture.store, "")).toEqual([]);
      expect(await listPaths(fixture.store, "no/such/")).toEqual([]);
    });

    test("a listing is in the order of whole paths", async () => {
      // Sorted name by name, the folder `a` would come before `a-b` and `a.b`, which it doesn't.
      const paths = ["a-b", "a.b", "a/b", "a/b-c/d", "a/b.c", "aB", "a_b", "ab", "b/a", "B/a", "0", "a0"];
      await putAll(paths.filter((path) => path !== "a/b"));
      const listed = await listPaths(fixture.store, "");
      expect(listed).toEqual(paths.filter((path) => path !== "a/b").toSorted());
    });

    test("a prefix is the start of the text, not a folder", async () => {
      await putAll(["1/a", "1/b/c", "10/a", "11/a", "2/a"]);
      expect(await listPaths(fixture.store, "1")).toEqual(["1/a", "1/b/c", "10/a", "11/a"]);
      expect(await listPaths(fixture.store, "1/")).toEqual(["1/a", "1/b/c"]);
      expect(await listPaths(fixture.store, "1/b")).toEqual(["1/b/c"]);
      expect(await listPaths(fixture.store, "1/b/c")).toEqual(["1/b/c"]);
      expect(await listPaths(fixture.store, "3")).toEqual([]);
      await expect(listPaths(fixture.store, "../")).rejects.toMatchObject({ code: "INTERNAL" });
    });

    test("a listing of many pages misses and repeats nothing", async () => {
      await putAll(numbered);
      const listed = await listAll(fixture.store, "7/");
      expect(listed.map(({ path }) => path)).toEqual(numbered);
      expect(listed[5]).toEqual({ path: numbered[5], bytes: 13, modifiedAt: expect.any(Date) });
    });

    test("objects may be deleted while they are listed", async () => {
      await putAll(numbered);
      const seen: string[] = [];
      for await (const { path } of fixture.store.list("")) {
        seen.push(path);
        await fixture.other.delete([path]);
      }
      expect(seen).toEqual(numbered);
      expect(await listPaths(fixture.store, "")).toEqual([]);
    });

    test("many are deleted at once, and others stay", async () => {
      await putAll([...numbered, "70/a"]);
      await fixture.store.delete(numbered);
      expect(await listPaths(fixture.store, "")).toEqual(["70/a"]);
    });

    test("what isn't there counts as deleted, and its path is free again", async () => {
      await fixture.store.delete([]);
      await fixture.store.delete(["never/was"]);
      await putContent(fixture, "a/b", "first");
      await fixture.store.delete(["a", "a/b", "a/c", "a/b/c"]);
      await fixture.store.delete(["a/b"]);
      expect(await fixture.store.head("a/b")).toBeUndefined();
      await putContent(fixture, "a/b", "second");
      expect(await listPaths(fixture.store, "")).toEqual(["a/b"]);
    });
  });
}
