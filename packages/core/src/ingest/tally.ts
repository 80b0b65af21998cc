import type { PublishOutcome } from "@millrace/bus";
import { type IngestTally, type RecordErrorCode, type RecordErrorJson, ingestLimits } from "@millrace/contract";

import type { RecordProblem } from "./read-record.ts";
import { encodeVisibilityToken } from "./visibility-token.ts";

/** Counts what becomes of the records of one request. */
export interface Tally {
  /** What the bus said of a record. */
  outcome(index: number, key: string, outcome: PublishOutcome): void;
  rejected(index: number, key: string | null, code: RecordErrorCode, problems: readonly RecordProblem[]): void;
  readonly counts: { readonly accepted: number; readonly duplicate: number; readonly rejected: number };
  /** The highest offset of what was accepted, now or before; 0 where nothing was. */
  readonly offset: number;
  /** As it goes over the wire. */
  toJson(): IngestTally;
}

/** What a part of a request adds to its tally. */
export type TallyPart = Pick<Tally, "outcome" | "rejected" | "counts">;

/** Begins to count a part. */
export function tallyPart(whole: Tally): TallyPart {
  const counts = { accepted: 0, duplicate: 0, rejected: 0 };
  return {
    counts,
    outcome(index, key, outcome) {
      const isIn = outcome.outcome === "accepted" || outcome.outcome === "duplicate";
      counts[isIn ? outcome.outcome : "rejected"]++;
      whole.outcome(index, key, outcome);
    },
    rejected(...given) {
      counts.rejected++;
      whole.rejected(...given);
    },
  };
}

/** An answer names a hundred of them, and they are as long as the names that were sent. */
const pathCharactersMax = 512;

const reused = [
  {
    path: "idempotencyKey",
    message: "This key was used with another record; a record that differs needs a key of its own.",
  },
] as const;
const batchRejected = [{ path: "", message: "Nothing was stored, since another record was refused." }] as const;

/** Begins to count. */
export function createTally(tenantId: string): Tally {
  const counts = { accepted: 0, duplicate: 0, rejected: 0 };
  const errors: RecordErrorJson[] = [];
  let errorsOmitted = 0;
  let offset = 0;

  const tally: Tally = {
    counts,
    get offset() {
      return offset;
    },
    outcome(index, key, outcome) {
      switch (outcome.outcome) {
        case "accepted":
        case "duplicate":
          counts[outcome.outcome]++;
          offset = Math.max(offset, outcome.offset);
          return;
        case "reused":
          tally.rejected(index, key, "IDEMPOTENCY_KEY_REUSED", reused);
          return;
        case "refused":
          tally.rejected(index, key, "BATCH_REJECTED", batchRejected);
          return;
        default:
          outcome satisfies never;
      }
    },
    rejected(index, key, code, problems) {
      counts.rejected++;
      for (const [nth, { path, message }] of problems.entries()) {
        if (nth < ingestLimits.recordErrorsMax && errors.length < ingestLimits.errorsMax) {
          errors.push({ index, key, code, path: cut(path), message });
        } else {
          errorsOmitted++;
        }
      }
    },
    toJson: () => ({
      acceptedCount: counts.accepted,
      duplicateCount: counts.duplicate,
      rejectedCount: counts.rejected,
      visibilityToken: offset === 0 ? null : encodeVisibilityToken(tenantId, offset),
      // A part of an upload is checked while the one before it is published.
      errors: errors.toSorted((a, b) => a.index - b.index),
      errorsOmitted,
    }),
  };
  return tally;
}

function cut(path: string): string {
  return path.length <= pathCharactersMax ? path : `${path.slice(0, pathCharactersMax)}…`;
}
