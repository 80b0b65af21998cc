import { setTimeout as delay } from "node:timers/promises";

import { isMillraceError } from "@millrace/contract";
import { createCoalescer, type JobStore, type LeaseOutcome } from "@millrace/storage";
import type { Logger } from "@millrace/telemetry";

import { killed } from "./attempt-outcome.ts";
import { backoffMs } from "./backoff.ts";
import type { Claims } from "./claims.ts";
import type { LeaseBook } from "./lease-book.ts";
import type { Outages } from "./outages.ts";
import type { Settled, Settlement } from "./settlement.ts";

export interface SettlerOptions {
  readonly store: Pick<JobStore, "completeJobs" | "completeAndClaim" | "failJobs" | "snoozeJobs" | "releaseJobs">;
  /** Where a claim is due, completions take it along. */
  readonly claims: () => Pick<Claims, "ride">;
  readonly book: Pick<LeaseBook, "holds">;
  readonly outages: Outages;
  readonly logger: Logger;
}

export interface Settler {
  /** Writes the end of an attempt; never rejects. */
  settle(leaseToken: string, settlement: Settlement): Promise<Settled>;
  /** How many completions will leave together soon: a claim that is due can go with them. */
  completionsWaiting(): number;
  /** Ends the tries that are going on: what isn't written then is `unsaved`. */
  giveUp(): void;
}

type Kind = Settlement["kind"];
type Item<Of extends Kind> = Extract<Settlement, { kind: Of }> & { readonly leaseToken: string };
type Write<Of extends Kind> = (items: readonly Item<Of>[]) => Promise<readonly LeaseOutcome[]>;

const itemsMax = 500;
const bytesMax = 4 * 1024 * 1024;
/** The end of a job whose own end the database refuses. */
const notStored = killed("The outcome could not be stored.");

/**
 * Writes the ends of attempts in batches: a flight leaves as soon as the one before has landed, with all that ended meanwhile.
 * A flight that fails for want of the database is tried again while its leases last; after that the jobs are others' to run, and nothing
 * may be written. What fails otherwise would fail again, and hold up all that come behind it: such items are found and set aside.
 */
export function createSettler({ store, claims, book, outages, logger }: SettlerOptions): Settler {
  const stopped = new AbortController();

  const writeFailures: Write<"fail"> = (items) => store.failJobs(items);

  const lane = <Of extends Kind>(bytesOf: (item: Item<Of>) => number, write: Write<Of>) =>
    createCoalescer<Item<Of>, Settled | "busy">({
      fly: async (items) => (await fly(items, write)).map((value) => ({ ok: true, value })),
      bytesOf,
      flightsMax: 1,
      itemsMax,
      bytesMax,
      // Bounded by the claims: the worker stops claiming while too much waits here.
      waitingMax: Number.POSITIVE_INFINITY,
      refuse: () => new Error("not reached: any number may wait"),
    });

  /** One statement and one commit finish these and claim the next, where both are due: it was the largest gain after batching. */
  const complete: Write<"complete"> = async (items) => {
    let outcomes: readonly LeaseOutcome[] = [];
    const riding = claims().ride(async (request) => {
      const both = await store.completeAndClaim(items, request);
      outcomes = both.outcomes;
      return both.claimed;
    });
    if (riding === false) return store.completeJobs(items);
    await riding;
    return outcomes;
  };

  const completions = lane<"complete">(({ result }) => result?.length ?? 0, complete);
  const failures = lane<"fail">(({ message, stack }) => message.length + (stack?.length ?? 0), writeFailures);
  const snoozes = lane<"snooze">(
    () => 0,
    (items) => store.snoozeJobs(items),
  );
  const releases = lane<"release">(
    () => 0,
    (items) => store.releaseJobs(items),
  );

  async function fly<Of extends Kind>(
    items: readonly Item<Of>[],
    write: Write<Of>,
  ): Promise<readonly (Settled | "busy")[]> {
    const settled = new Map<Item<Of>, Settled | "busy">();
    let open = items;
    let mayBeWritten = false;
    for (let tries = 1; open.length > 0 && !stopped.signal.aborted; tries++) {
      try {
        const outcomes = await write(open);
        for (const [index, item] of open.entries())
          settled.set(item, settledBy(item.kind, outcomes[index], mayBeWritten));
        outages.recovered("settle");
        break;
      } catch (error) {
        if (!isMillraceError(error, "UNAVAILABLE")) {
          for (const [item, end] of await apart(open, write, error)) settled.set(item, end);
          break;
        }
        outages.failed("settle", error);
        mayBeWritten ||= error.extensions["outcome"] === "unknown";
        await delay(backoffMs(tries), undefined, { signal: stopped.signal }).catch(() => undefined);
        open = open.filter((item) => book.holds(item.leaseToken));
      }
    }
    return items.map((item) => settled.get(item) ?? "unsaved");
  }

  /** One item that the database refuses mustn't take the others with it: halves go on their own. */
  async function apart<Of extends Kind>(
    items: readonly Item<Of>[],
    write: Write<Of>,
    error: unknown,
  ): Promise<readonly (readonly [Item<Of>, Settled | "busy"])[]> {
    const [only] = items;
    if (only !== undefined && items.length === 1) return [[only, await refused(only, error)]];
    const middle = Math.ceil(items.length / 2);
    const left = items.slice(0, middle);
    const right = items.slice(middle);
    const ends = [...(await fly(left, write)), ...(await fly(right, write))];
    return items.map((item, index) => [item, ends[index] ?? "unsaved"] as const);
  }

  /** Another end is stored in its place, if there is something in it that can be at fault; else the lease runs out, and the job is rescued. */
  async function refused(item: Item<Kind>, error: unknown): Promise<Settled | "busy"> {
    if (item.kind !== "release" && !(item.kind === "fail" && item.message === notStored.message)) {
      const [end = "unsaved"] = await fly([{ leaseToken: item.leaseToken, ...notStored }], writeFailures);
      return end;
    }
    logger.error(
      { component: "settle", outcome: item.kind, err: error },
      "The database refuses to store how a job ended",
    );
    return "unsaved";
  }

  function board(leaseToken: string, settlement: Settlement): Promise<Settled | "busy"> {
    switch (settlement.kind) {
      case "complete":
        return completions.add({ leaseToken, ...settlement });
      case "fail":
        return failures.add({ leaseToken, ...settlement });
      case "snooze":
        return snoozes.add({ leaseToken, ...settlement });
      case "release":
        return releases.add({ leaseToken, ...settlement });
      default:
        return settlement satisfies never;
    }
  }

  return {
    async settle(leaseToken, settlement) {
      // A job that somebody's transaction holds goes with later flights, for as long as its lease lasts; the others don't wait for it.
      for (let tries = 1; ; tries++) {
        const settled = await board(leaseToken, settlement);
        if (settled !== "busy") return settled;
        await delay(backoffMs(tries), undefined, { signal: stopped.signal }).catch(() => undefined);
        if (stopped.signal.aborted || !book.holds(leaseToken)) return "unsaved";
      }
    },
    completionsWaiting: () => completions.waiting(),
    giveUp: () => stopped.abort(),
  };
}

const ends: Readonly<Record<Kind, Settled>> = {
  complete: "completed",
  fail: "retried",
  snooze: "snoozed",
  release: "released",
};

/** `mayBeWritten`: the answer to an earlier try was lost, so a lease that is gone may have been ended by that very try. */
function settledBy(kind: Kind, outcome: LeaseOutcome | undefined, mayBeWritten: boolean): Settled | "busy" {
  if (outcome === undefined) return "lost";
  if (!outcome.ok && outcome.reason === "busy") return "busy";
  const { ok, status } = outcome;
  if (!ok && status === "cancelled") return "cancelled";
  const expected =
    kind === "complete" ? status === "completed" : status === "pending" || (kind === "fail" && status === "dead");
  if (!ok && !(mayBeWritten && expected)) return "lost";
  return status === "dead" ? "dead" : ends[kind];
}
