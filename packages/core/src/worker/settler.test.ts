import { describe, expect, it } from "vitest";

import { MillraceError } from "@millrace/contract";
import type { FailItem, LeaseOutcome } from "@millrace/storage";
import { type Logger, silentLogger } from "@millrace/telemetry";

import { createOutages } from "./outages.ts";
import { createSettler, type Settler, type SettlerOptions } from "./settler.ts";

interface Rig {
  readonly settler: Settler;
  /** What was stored, by lease. */
  readonly stored: Map<string, string>;
  readonly errors: string[];
}

/** A settler whose store asks `refuse` what is wrong with a batch. */
function rigOf(refuse: (items: readonly { leaseToken: string; message?: string }[]) => Error | undefined): Rig {
  const stored = new Map<string, string>();
  const errors: string[] = [];
  const writeAs =
    (status: LeaseOutcome["status"] & string) =>
    async (items: readonly { leaseToken: string; message?: string }[]): Promise<readonly LeaseOutcome[]> => {
      const error = refuse(items);
      if (error !== undefined) throw error;
      return items.map(({ leaseToken, message }) => {
        stored.set(leaseToken, message ?? status);
        return { ok: true, status };
      });
    };
  const store: SettlerOptions["store"] = {
    completeJobs: writeAs("completed"),
    completeAndClaim: () => Promise.reject(new Error("no claim rides here")),
    failJobs: (items: readonly FailItem[]) =>
      writeAs(items.every(({ retryable }) => retryable) ? "pending" : "dead")(items),
    snoozeJobs: writeAs("pending"),
    releaseJobs: writeAs("pending"),
  };
  const logger: Logger = { ...silentLogger, error: (_, message) => errors.push(message) };
  const book = { holds: () => true };
  return {
    settler: createSettler({
      store,
      claims: () => ({ ride: () => false }),
      book,
      outages: createOutages(silentLogger),
      logger,
    }),
    stored,
    errors,
  };
}

const failure = (message: string) => ({ kind: "fail", message, retryable: true }) as const;

describe("an end that can't be stored", () => {
  it.each([new TypeError("a defect"), new MillraceError("INTERNAL", "refused")])(
    "is replaced by one that can, and holds up no other: %s",
    async (defect) => {
      const { settler, stored, errors } = rigOf((items) =>
        items.some(({ message }) => message === "bad") ? defect : undefined,
      );
      const messages = ["first", "good", "bad", "good", "good"];
      const ends = await Promise.all(messages.map((message, index) => settler.settle(`${index}`, failure(message))));
      expect(ends).toEqual(["retried", "retried", "dead", "retried", "retried"]);
      expect(stored.get("2")).toBe("The outcome could not be stored.");
      expect(await settler.settle("5", failure("next"))).toBe("retried");
      expect(errors).toEqual([]);
    },
  );

  it("is given up, with an error in the log, when that one can't either", async () => {
    const { settler, stored, errors } = rigOf((items) =>
      items.some(({ leaseToken }) => leaseToken === "bad") ? new TypeError("a defect") : undefined,
    );
    const ends = await Promise.all([
      settler.settle("good", failure("x")),
      settler.settle("bad", failure("x")),
      settler.settle("good too", failure("x")),
      settler.settle("bad", { kind: "complete", result: null }),
      settler.settle("bad", { kind: "release" }),
    ]);
    expect(ends).toEqual(["retried", "unsaved", "retried", "unsaved", "unsaved"]);
    expect([...stored.keys()]).toEqual(["good", "good too"]);
    expect(errors).toHaveLength(3);
  });

  it("is tried again as it is while the database is away", async () => {
    let away = 2;
    const { settler, stored } = rigOf(() => (away-- > 0 ? new MillraceError("UNAVAILABLE", "away") : undefined));
    expect(await settler.settle("one", failure("x"))).toBe("retried");
    expect(stored.get("one")).toBe("x");
  });
});

describe("an end of a job that somebody's transaction holds", () => {
  const heldWhile = (isHeld: () => boolean, holds: () => boolean) => {
    const store = {
      completeJobs: async (items: readonly { leaseToken: string }[]) =>
        items.map(({ leaseToken }): LeaseOutcome =>
          leaseToken === "held" && isHeld()
            ? { ok: false, reason: "busy", status: "running" }
            : { ok: true, status: "completed" },
        ),
    } as Partial<SettlerOptions["store"]> as SettlerOptions["store"];
    return createSettler({
      store,
      claims: () => ({ ride: () => false }),
      book: { holds },
      outages: createOutages(silentLogger),
      logger: silentLogger,
    });
  };
  const completion = { kind: "complete", result: null } as const;

  it("holds up no other, and is written once that is over", async () => {
    let isHeld = true;
    const settler = heldWhile(
      () => isHeld,
      () => true,
    );
    const held = settler.settle("held", completion);
    expect(await settler.settle("one", completion)).toBe("completed");
    expect(await settler.settle("two", completion)).toBe("completed");
    isHeld = false;
    expect(await held).toBe("completed");
  });

  it("is given up with the lease", async () => {
    const settler = heldWhile(
      () => true,
      () => false,
    );
    expect(await settler.settle("held", completion)).toBe("unsaved");
  });
});
