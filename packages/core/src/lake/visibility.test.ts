import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { LakeStore, PublishedSnapshot } from "@millrace/storage";
import { recordSpans, type SpanRecorder } from "@millrace/telemetry/testing";

import { createVisibility } from "./visibility.ts";

/** A lake of which the test says what is published, and whether it is told of. */
function lakeOf(first: PublishedSnapshot) {
  let newest = first;
  let tell: (snapshot: PublishedSnapshot) => void = () => undefined;
  const asked: (readonly number[])[] = [];
  const lake: Pick<LakeStore, "newestOf" | "watchSnapshots"> = {
    newestOf(tenantNos) {
      asked.push(tenantNos);
      return Promise.resolve(tenantNos.includes(newest.tenantNo) ? [newest] : []);
    },
    watchSnapshots(onSnapshot, onState) {
      tell = onSnapshot;
      onState(true);
      return Promise.resolve({ close: () => Promise.resolve() });
    },
  };
  return {
    lake,
    asked,
    publish: (snapshot: PublishedSnapshot) => (newest = snapshot),
    notify: (snapshot: PublishedSnapshot) => {
      newest = snapshot;
      tell(snapshot);
    },
  };
}

const at = (snapshotId: number, watermark: number): PublishedSnapshot => ({ tenantNo: 7, snapshotId, watermark });

describe("a wait for visibility", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("ends at once where the newest snapshot holds the offset already", async () => {
    const { lake } = lakeOf(at(3, 10));
    expect(await createVisibility({ lake }).wait(7, 10, 1_000, undefined)).toEqual(at(3, 10));
  });

  test("ends with the first snapshot that holds the offset, not with one before it", async () => {
    const { lake, notify } = lakeOf(at(1, 0));
    const wait = createVisibility({ lake }).wait(7, 10, 60_000, undefined);
    await vi.advanceTimersByTimeAsync(1);
    notify(at(2, 9));
    notify(at(3, 12));
    expect(await wait).toEqual(at(3, 12));
  });

  test("finds what it was not told of", async () => {
    const { lake, publish } = lakeOf(at(1, 0));
    const wait = createVisibility({ lake, pollMs: 1_000 }).wait(7, 10, 60_000, undefined);
    await vi.advanceTimersByTimeAsync(1);
    publish(at(2, 10));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await wait).toEqual(at(2, 10));
  });

  test("ends without an answer when the time is over, when the caller goes, and at once where it may take no time", async () => {
    const { lake } = lakeOf(at(1, 0));
    const visibility = createVisibility({ lake });
    const gone = new AbortController();
    const waits = [visibility.wait(7, 10, 500, undefined), visibility.wait(7, 10, 60_000, gone.signal)];
    gone.abort();
    await vi.advanceTimersByTimeAsync(500);
    expect(await Promise.all(waits)).toEqual([undefined, undefined]);
    expect(await visibility.wait(7, 10, 0, undefined)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("asks once for all who wait, and nothing while nobody does", async () => {
    const { lake, asked, notify } = lakeOf(at(1, 0));
    const visibility = createVisibility({ lake, pollMs: 1_000 });
    const waits = Array.from({ length: 50 }, () => visibility.wait(7, 10, 60_000, undefined));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.length).toBeLessThan(15);
    notify(at(2, 10));
    await Promise.all(waits);
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.length).toBe(before);
  });

  test("is refused where too many wait", async () => {
    const { lake, notify } = lakeOf(at(1, 0));
    const visibility = createVisibility({ lake, waitersMax: 1 });
    const first = visibility.wait(7, 10, 60_000, undefined);
    await expect(visibility.wait(7, 10, 60_000, undefined)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await vi.advanceTimersByTimeAsync(1);
    notify(at(2, 10));
    await first;
  });
});

describe("the span of a wait for visibility", () => {
  let recorder: SpanRecorder;
  beforeEach(() => {
    recorder = recordSpans();
  });
  afterEach(() => recorder.close());

  test("says what was waited for, and which snapshot holds it", async () => {
    await createVisibility({ lake: lakeOf(at(3, 10)).lake }).wait(7, 10, 1_000, undefined);
    expect(recorder.named("await visibility")).toMatchObject([
      { attributes: { "millrace.offset.last": 10, "millrace.outcome": "visible", "millrace.snapshot.id": 3 } },
    ]);
  });

  test("says that nothing came in time", async () => {
    await createVisibility({ lake: lakeOf(at(3, 10)).lake }).wait(7, 11, 0, undefined);
    expect(recorder.named("await visibility")).toMatchObject([
      { failed: false, attributes: { "millrace.outcome": "timeout" } },
    ]);
  });

  test("says that nobody waits any more, which is no timeout", async () => {
    const visibility = createVisibility({ lake: lakeOf(at(3, 10)).lake });
    const gone = new AbortController();
    const wait = visibility.wait(7, 11, 60_000, gone.signal);
    gone.abort();
    await wait;
    await visibility.close();
    await visibility.wait(7, 11, 60_000, undefined);
    expect(recorder.named("await visibility").map(({ attributes }) => attributes["millrace.outcome"])).toEqual([
      "aborted",
      "aborted",
    ]);
  });
});
