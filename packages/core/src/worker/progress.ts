import { type Json, MillraceError, isMillraceError, limits } from "@millrace/contract";
import { createCoalescer, type JobStore, type ProgressItem } from "@millrace/storage";

import type { LeaseBook } from "./lease-book.ts";
import type { Outages } from "./outages.ts";

export interface ProgressOptions {
  readonly store: Pick<JobStore, "progressJobs">;
  readonly book: Pick<LeaseBook, "end">;
  readonly outages: Outages;
}

/** Shows a job's progress. @throws VALIDATION_FAILED, LEASE_LOST */
export type ShowProgress = (leaseToken: string, value: Json) => Promise<void>;

/** Makes the function that writes progress, all handlers' together. Progress is news, not work: an outage drops it, and the job goes on. */
export function createProgress({ store, book, outages }: ProgressOptions): ShowProgress {
  const coalescer = createCoalescer<ProgressItem, void>({
    async fly(items) {
      const newest = [...new Map(items.map((item) => [item.leaseToken, item])).values()];
      const outcomes = new Map<string, boolean>();
      try {
        for (const [index, { ok }] of (await store.progressJobs(newest)).entries()) {
          const item = newest[index];
          if (item !== undefined) outcomes.set(item.leaseToken, ok);
        }
        outages.recovered("progress");
      } catch (error) {
        if (isMillraceError(error, "VALIDATION_FAILED")) throw error;
        outages.failed("progress", error);
      }
      return items.map(({ leaseToken }) => {
        if (outcomes.get(leaseToken) !== false) return { ok: true, value: undefined };
        book.end(leaseToken, "leaseLost");
        return { ok: false, error: leaseLost() };
      });
    },
    bytesOf: ({ progress }) => progress.length,
    flightsMax: 1,
    itemsMax: 500,
    bytesMax: 1024 * 1024,
    waitingMax: 10_000,
    refuse: () => new MillraceError("RATE_LIMITED", "Too many progress updates wait to be written."),
  });

  return async (leaseToken, value) => coalescer.add({ leaseToken, progress: asText(value) });
}

/** The error of an owner's call whose lease is gone. */
export function leaseLost(): MillraceError {
  return new MillraceError("LEASE_LOST", "The lease on the job was lost.");
}

function asText(value: Json): string {
  const text: string | undefined = JSON.stringify(value);
  if (text !== undefined && Buffer.byteLength(text) <= limits.progressBytesMax) return text;
  throw new MillraceError("VALIDATION_FAILED", `Progress is JSON of at most ${limits.progressBytesMax} bytes.`);
}
