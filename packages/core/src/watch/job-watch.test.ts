import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { WatchedJob } from "@millrace/storage";

import { createJobWatch, type JobWatch } from "./job-watch.ts";

let versions: Map<string, string>;
let looks: (readonly WatchedJob[])[];
let failing: boolean;
let watch: JobWatch;

beforeEach(() => {
  vi.useFakeTimers();
  versions = new Map();
  looks = [];
  failing = false;
  watch = createJobWatch({
    store: {
      async jobVersions(watched) {
        looks.push(watched);
        if (failing) throw new Error("away");
        return versions;
      },
    },
  });
});
afterEach(async () => {
  await watch.close();
  vi.useRealTimers();
});

/** Whether `promise` has resolved by now. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => (over = true));
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

describe("a watch of jobs", () => {
  it("looks at nothing while nobody watches, nor after the last one has gone", async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks).toHaveLength(0);
    versions.set("a", "1");
    const changes = watch.watch("a", "end");
    await vi.advanceTimersByTimeAsync(1_000);
    const made = looks.length;
    expect(made).toBeGreaterThan(3);
    changes.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks).toHaveLength(made);
  });

  it("looks at all jobs with one statement, and less often while nothing changes", async () => {
    for (const id of ["a", "b", "c"]) {
      versions.set(id, "1");
      watch.watch(id, id === "c" ? "everything" : "end");
    }
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks[0]).toEqual([
      { id: "a", logs: false },
      { id: "b", logs: false },
      { id: "c", logs: true },
    ]);
    expect(looks.length).toBeLessThan(10_000 / 200 + 10);
  });

  it("wakes whoever waits for the end once the job is finished, and not before", async () => {
    versions.set("a", "1");
    const end = watch.watch("a", "end").next();
    await vi.advanceTimersByTimeAsync(500);
    versions.set("a", "2");
    await vi.advanceTimersByTimeAsync(500);
    expect(await isOver(end)).toBe(false);
    versions.delete("a");
    await vi.advanceTimersByTimeAsync(200);
    expect(await isOver(end)).toBe(true);
  });

  it("wakes whoever watches everything at the first look, which may be too late to see a change, and at each change", async () => {
    versions.set("a", "1");
    const changes = watch.watch("a", "everything");
    await vi.advanceTimersByTimeAsync(20);
    expect(await isOver(changes.next())).toBe(true);
    const next = changes.next();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await isOver(next)).toBe(false);
    versions.set("a", "2");
    await vi.advanceTimersByTimeAsync(200);
    expect(await isOver(next)).toBe(true);
  });

  it("keeps a change for whoever is busy just then", async () => {
    versions.set("a", "1");
    const changes = watch.watch("a", "everything");
    await vi.advanceTimersByTimeAsync(500);
    await changes.next();
    versions.set("a", "2");
    await vi.advanceTimersByTimeAsync(500);
    expect(await isOver(changes.next())).toBe(true);
    expect(await isOver(changes.next())).toBe(false);
  });

  it("lets a wait end by its time and by its signal", async () => {
    versions.set("a", "1");
    const changes = watch.watch("a", "end");
    const stop = new AbortController();
    const [timed, stopped] = [changes.next({ timeoutMs: 300 }), watch.watch("a", "end").next({ signal: stop.signal })];
    await vi.advanceTimersByTimeAsync(301);
    expect(await isOver(timed)).toBe(true);
    expect(await isOver(stopped)).toBe(false);
    stop.abort();
    expect(await isOver(stopped)).toBe(true);
  });

  it("lives through an outage with few looks, and goes on behind it", async () => {
    versions.set("a", "1");
    const end = watch.watch("a", "end").next();
    failing = true;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks.length).toBeLessThan(12);
    versions.delete("a");
    failing = false;
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await isOver(end)).toBe(true);
  });
});
