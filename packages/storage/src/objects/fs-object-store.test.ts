import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { describeObjectStore } from "../testing/describe-object-store.ts";
import { type ObjectStoreFixture, listPaths, putContent, readText } from "../testing/object-store/fixture.ts";
import { createFsObjectStore } from "./fs-object-store.ts";

async function open(): Promise<ObjectStoreFixture & { readonly root: string }> {
  const top = await mkdtemp(join(tmpdir(), "millrace-objects-"));
  const [root, folder] = [join(top, "lake", "objects"), join(top, "files")];
  await mkdir(folder);
  return {
    store: createFsObjectStore({ root }),
    other: createFsObjectStore({ root }),
    root,
    folder,
    close: () => rm(top, { recursive: true, force: true }),
  };
}

describeObjectStore("a folder", open);

describe("a folder as an object store", () => {
  let fixture: Awaited<ReturnType<typeof open>>;
  beforeEach(async () => {
    fixture = await open();
  });
  afterEach(() => fixture.close());

  test("objects can't be written, and no other file stays beside them", async () => {
    await putContent(fixture, "3/a", "x");
    await expect(putContent(fixture, "3/a", "y")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(await readdir(join(fixture.root, "3"))).toEqual(["a"]);
    const { mode, nlink } = await stat(join(fixture.root, "3/a"));
    expect({ mode: mode & 0o777, nlink }).toEqual({ mode: 0o444, nlink: 1 });
  });

  test("its own path is what is fetched", async () => {
    await putContent(fixture, "3/a", "x");
    expect(await fixture.store.fetch("3/a", "/unused")).toBe(join(fixture.root, "3/a"));
  });

  test("what a dead process left behind is never listed, and goes when it is a day old", async () => {
    await putContent(fixture, "3/a", "x");
    const leftover = (hour: number) => join(fixture.root, `3/b~00000000-0000-4000-8000-00000000000${hour}.tmp`);
    const dayAgo = new Date(Date.now() - 25 * 3_600_000);
    await writeFile(leftover(1), "x");
    await writeFile(leftover(2), "x");
    await utimes(leftover(2), dayAgo, dayAgo);
    expect(await listPaths(fixture.store, "")).toEqual(["3/a"]);
    expect((await readdir(join(fixture.root, "3"))).map((name) => join(fixture.root, "3", name))).toEqual([
      join(fixture.root, "3/a"),
      leftover(1),
    ]);
  });

  test("files of others are no objects", async () => {
    await mkdir(join(fixture.root, "lost+found"), { recursive: true });
    await writeFile(join(fixture.root, "lost+found", "a"), "x");
    await writeFile(join(fixture.root, "read me"), "x");
    await symlink("/etc", join(fixture.root, "etc"));
    await putContent(fixture, "a", "x");
    expect(await listPaths(fixture.store, "")).toEqual(["a"]);
  });

  test("a folder that was removed is made again", async () => {
    await putContent(fixture, "3/a", "x");
    await rm(fixture.root, { recursive: true });
    await expect(putContent(fixture, "3/b", "x")).rejects.toMatchObject({ code: "INTERNAL" });
    await putContent(fixture, "3/b", "x");
    expect(await readText(fixture.store, "3/b")).toBe("x");
  });

  test("a folder that can't be used is said to be set up wrong", async () => {
    await writeFile(join(fixture.folder, "file"), "x");
    const store = createFsObjectStore({ root: join(fixture.folder, "file", "lake") });
    await expect(store.ping()).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("in the place of a folder"),
    });
  });
});
