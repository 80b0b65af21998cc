import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { ClaimedJob } from "@millrace/storage";

import { createWaitingLine, type DeskClaim, type DeskClaimed } from "./waiting-line.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Job {
  readonly queue: string;
  readonly type: string;
}

/** A line over a shelf of jobs, whose claims can be held up. */
function openLine() {
  const shelf: Job[] = [];
  const asked: DeskClaim[] = [];
  const held: (() => void)[] = [];
  const state = {
    holds: false,
    fails: false,
    failsFor: undefined as string | undefined,
    failure: new Error("down"),
    underWay: 0,
    mostUnderWay: 0,
    retryInMs: undefined as number | undefined,
  };
  const line = createWaitingLine(async (request): Promise<DeskClaimed> => {
    asked.push(request);
    state.underWay++;
    state.mostUnderWay = Math.max(state.mostUnderWay, state.underWay);
    // What is there is seen as the claim begins.
    const found = shelf.findIndex(
      ({ queue, type }) => request.queues.includes(queue) && (request.types?.includes(type) ?? true),
    );
    const jobs = found < 0 ? [] : shelf.splice(found, 1);
    if (state.holds) await new Promise<void>((resolve) => void held.push(resolve));
    state.underWay--;
    if (state.fails || state.failsFor === request.tenantId) throw state.failure;
    return {
      claimed: jobs.map((job) => ({ job, leaseToken: "" }) as unknown as ClaimedJob),
      retryInMs: state.retryInMs,
    };
  });
  const request = (worker: string, more: Partial<DeskClaim> = {}): DeskClaim => ({
    tenantId: "acme",
    queues: ["q"],
    limit: 1,
    leaseMs: 1_000,
    worker,
    ...more,
  });
  const put = (queue = "q", type = "t", tenantId = "acme") => {
    shelf.push({ queue, type });
    line.wake(tenantId, queue);
  };
  const letGo = () => {
    for (const resolve of held.splice(0)) resolve();
    return settled();
  };
  return { line, shelf, state, asked, workers: () => asked.map(({ worker }) => worker), request, put, letGo };
}

/** All that has been set off and waits for nothing is over. */
const settled = async () => void (await vi.advanceTimersByTimeAsync(0));

/** Whether a place has been answered, and with how many jobs. */
function watch(place: { readonly claimed: Promise<readonly ClaimedJob[]> }) {
  const seen: { jobs?: number; error?: unknown } = {};
  place.claimed.then(
    (claimed) => (seen.jobs = claimed.length),
    (error: unknown) => (seen.error = error),
  );
  return seen;
}

describe("those who wait", () => {
  test("cause no claim until they are woken, and one job for a thousand of them costs two claims", async () => {
    const { line, asked, request, put } = openLine();
    const places = Array.from({ length: 1_000 }, (_, n) => watch(line.join(request(`w${n}`))));
    await settled();
    expect(asked).toEqual([]);
    put();
    await settled();
    expect(asked.map(({ worker }) => worker)).toEqual(["w0", "w1"]);
    expect(places.filter(({ jobs }) => jobs === 1)).toHaveLength(1);
    expect(line.size()).toBe(999);
  });

  test("are served in the order in which they came, whatever they wait for", async () => {
    const { line, shelf, workers, request } = openLine();
    for (const [worker, type] of [
      ["a1", "a"],
      ["b1", "b"],
      ["a2", "a"],
      ["b2", "b"],
    ] as const) {
      void line.join(request(worker, { types: [type] }));
    }
    for (const type of ["b", "a", "a", "b"]) shelf.push({ queue: "q", type });
    line.wake("acme", "q");
    await settled();
    expect(workers()).toEqual(["a1", "b1", "a2", "b2"]);
    expect(line.size()).toBe(0);
  });

  test("get the job of their type though somebody with another type waits longer", async () => {
    const { line, workers, request, put } = openLine();
    const [other, own] = ["other", "own"].map((type) => watch(line.join(request(type, { types: [type] }))));
    put("q", "own");
    await settled();
    expect([other?.jobs, own?.jobs]).toEqual([undefined, 1]);
    expect(workers()).toEqual(["other", "own"]);
  });

  test("are not asked for when the queue is another's, or the tenant", async () => {
    const { line, asked, request, put } = openLine();
    void line.join(request("w"));
    put("elsewhere");
    put("q", "t", "other");
    await settled();
    expect(asked).toEqual([]);
  });

  test("are told of what is announced during a claim that came too early for it", async () => {
    const { line, state, asked, request, put, letGo } = openLine();
    const place = watch(line.join(request("w")));
    state.holds = true;
    line.wake("acme", "q");
    put();
    expect(asked).toHaveLength(1);
    await letGo();
    await letGo();
    expect(place.jobs).toBe(1);
  });

  test("of one tenant have one claim under way at a time, and of all tenants a few", async () => {
    const { line, state, request, letGo } = openLine();
    state.holds = true;
    for (let n = 0; n < 30; n++) void line.join(request(`w${n}`, { tenantId: `tenant${n % 10}`, types: [`t${n}`] }));
    line.wake("tenant0");
    await settled();
    expect(state.mostUnderWay).toBe(1);
    line.wake();
    for (let n = 0; n < 20; n++) await letGo();
    expect(state.mostUnderWay).toBe(4);
  });

  test("of one tenant don't hold up another's while there is work for both", async () => {
    const { line, workers, request, put } = openLine();
    for (let n = 0; n < 20; n++) void line.join(request("busy", { queues: ["busy"] }));
    void line.join(request("quiet", { tenantId: "other" }));
    for (let n = 0; n < 19; n++) put("busy");
    put("q", "t", "other");
    await settled();
    expect(workers().indexOf("quiet")).toBeLessThan(6);
    expect(workers().filter((worker) => worker === "busy")).toHaveLength(20);
  });
});

describe("whoever leaves", () => {
  test("is answered with nothing, and no claim is made for them any more", async () => {
    const { line, workers, request, put } = openLine();
    const place = line.join(request("gone"));
    const gone = watch(place);
    void line.join(request("next"));
    place.leave();
    place.leave();
    put();
    await settled();
    expect(gone.jobs).toBe(0);
    expect(workers()).toEqual(["next"]);
    expect(line.size()).toBe(0);
  });

  test("during a claim is answered with what it brings", async () => {
    const { line, state, request, put, letGo } = openLine();
    state.holds = true;
    const [served, empty] = [line.join(request("a")), line.join(request("b"))];
    const seen = [watch(served), watch(empty)];
    put();
    served.leave();
    await settled();
    expect(seen[0]?.jobs).toBeUndefined();
    await letGo();
    empty.leave();
    await letGo();
    expect(seen.map(({ jobs }) => jobs)).toEqual([1, 0]);
  });
});

describe("while claims fail", () => {
  test("nobody is told that there is nothing; the tries have pauses, and go on by themselves", async () => {
    const { line, state, asked, request, put } = openLine();
    state.fails = true;
    const leaving = line.join(request("w"));
    const [gone, staying] = [watch(leaving), watch(line.join(request("w")))];
    put();
    await settled();
    put();
    await settled();
    expect(asked).toHaveLength(1);
    leaving.leave();
    await settled();
    expect(gone.error).toEqual(new Error("down"));
    state.fails = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(staying.jobs).toBe(1);
  });

  test("of one tenant, another's go on, and nobody of it is told of the failure", async () => {
    const { line, state, workers, request, put } = openLine();
    state.failsFor = "acme";
    void line.join(request("own"));
    const [first, leaving] = ["a", "b"].map((worker) => line.join(request(worker, { tenantId: "other" })));
    const [served, gone] = [first, leaving].map((place) => watch(place ?? line.join(request("none"))));
    put();
    await settled();
    put("q", "t", "other");
    await settled();
    expect(workers()).toEqual(["own", "a", "b"]);
    leaving?.leave();
    await settled();
    expect([served?.jobs, gone?.jobs, gone?.error]).toEqual([1, 0, undefined]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(workers().filter((worker) => worker === "own").length).toBeGreaterThan(2);
  });

  test("because the database is away, nobody's are made until the pause is over", async () => {
    const { line, state, workers, request, put } = openLine();
    state.fails = true;
    state.failure = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    const own = watch(line.join(request("own")));
    const other = watch(line.join(request("other", { tenantId: "other" })));
    put();
    await settled();
    put("q", "t", "other");
    await settled();
    expect(workers()).toEqual(["own"]);
    state.fails = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(own.jobs === 1 || other.jobs === 1).toBe(true);
  });
});

describe("a claim that knows when to ask again", () => {
  test("is followed by another then, and not by one for everybody who waits", async () => {
    const { line, state, asked, request } = openLine();
    for (let n = 0; n < 10; n++) void line.join(request("w"));
    state.retryInMs = 500;
    line.wakeLike(request("w"));
    await vi.advanceTimersByTimeAsync(499);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(asked).toHaveLength(2);
    expect(line.hasLike(request("other"))).toBe(true);
    expect(line.hasLike(request("w", { types: ["t"] }))).toBe(false);
  });
});

describe("a closed line", () => {
  test("has answered everybody, and makes no claim", async () => {
    const { line, state, asked, request, put, letGo } = openLine();
    state.holds = true;
    const seen = [watch(line.join(request("a"))), watch(line.join(request("b")))];
    put();
    const closed = line.close();
    await letGo();
    await closed;
    put();
    await settled();
    expect(seen.map(({ jobs }) => jobs)).toEqual([1, 0]);
    expect(asked).toHaveLength(1);
  });
});
