import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createLeaseBook, type LeaseBook, type LeaseEnd } from "./lease-book.ts";

let book: LeaseBook;
let ended: [string, LeaseEnd][] = [];
const hold = (token: string, ms: number) => book.hold(token, performance.now() + ms, (why) => ended.push([token, why]));

beforeEach(() => {
  vi.useFakeTimers();
  ended = [];
  book = createLeaseBook();
});
afterEach(() => {
  book.close();
  vi.useRealTimers();
});

describe("the lease book", () => {
  it("ends each lease at its own deadline, and only once", () => {
    hold("a", 100);
    hold("b", 200);
    vi.advanceTimersByTime(99);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(ended).toEqual([["a", "leaseLost"]]);
    vi.advanceTimersByTime(1_000);
    expect(ended).toEqual([
      ["a", "leaseLost"],
      ["b", "leaseLost"],
    ]);
    expect(book.tokens()).toEqual([]);
  });

  it("keeps a lease that is extended, and never shortens one", () => {
    hold("a", 100);
    book.extend("a", performance.now() + 300);
    book.extend("a", performance.now() + 50);
    vi.advanceTimersByTime(250);
    expect(ended).toEqual([]);
    expect(book.holds("a")).toBe(true);
    vi.advanceTimersByTime(51);
    expect(ended).toHaveLength(1);
    expect(book.holds("a")).toBe(false);
  });

  it("watches leases that come after all others have gone", () => {
    hold("a", 100);
    book.drop("a");
    vi.advanceTimersByTime(500);
    hold("b", 100);
    vi.advanceTimersByTime(101);
    expect(ended).toEqual([["b", "leaseLost"]]);
  });

  it("watches leases that come while all others are being settled", () => {
    hold("a", 100);
    expect(book.settling("a")).toBe(true);
    vi.advanceTimersByTime(500);
    hold("b", 100);
    vi.advanceTimersByTime(101);
    expect(ended).toEqual([["b", "leaseLost"]]);
  });

  it("leaves the verdict on a lease that is being settled to the settlement, but goes on beating it", () => {
    hold("a", 100);
    book.settling("a");
    book.end("a", "leaseLost");
    vi.advanceTimersByTime(101);
    expect(ended).toEqual([]);
    expect(book.tokens()).toEqual(["a"]);
    expect(book.holds("a")).toBe(false);
  });

  it("ends a lease as the database says, and knows it as ended then", () => {
    hold("a", 100);
    book.end("a", "cancelled");
    book.end("a", "leaseLost");
    book.end("unknown", "leaseLost");
    expect(ended).toEqual([["a", "cancelled"]]);
    expect(book.settling("a")).toBe(false);
  });
});
