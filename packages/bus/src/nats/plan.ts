import type { NewEvent, PublishOutcome, RecordedKey } from "@millrace/storage";
import { keyHash } from "@millrace/storage";

import type { Outgoing } from "./send.ts";

/** What is to be done with one event of a publish. */
type Step =
  | { readonly do: "answer"; readonly outcome: PublishOutcome }
  /** The place among `fresh`. */
  | { readonly do: "send"; readonly at: number }
  /** The same record stands earlier in the batch, at this place among `fresh`. */
  | { readonly do: "repeat"; readonly at: number };

export interface PublishPlan {
  readonly fresh: readonly Outgoing[];
  /** True when the batch is atomic and has a key of another record. */
  readonly isRefused: boolean;
  /** The outcomes, from those of `fresh`. */
  answer(ofFresh: readonly PublishOutcome[]): readonly PublishOutcome[];
}

/** Sorts a batch into what is answered by what is recorded, and what has to be sent. Of a key that comes twice the first counts. */
export function planPublish(
  events: readonly NewEvent[],
  recorded: readonly (RecordedKey | undefined)[],
  isAtomic: boolean,
): PublishPlan {
  const fresh: Outgoing[] = [];
  const firsts = new Map<string, number>();
  const steps = events.map((event, place): Step => {
    const known = recorded[place];
    if (known !== undefined) return { do: "answer", outcome: outcomeOf(event, known) };
    const hash = keyHash(event.key);
    const name = `${event.tableId}.${hash}`;
    const first = firsts.get(name);
    if (first === undefined) {
      firsts.set(name, fresh.length);
      return { do: "send", at: fresh.push({ event, keyHash: hash }) - 1 };
    }
    const isSame = fresh[first]?.event.payloadHash === event.payloadHash;
    return isSame ? { do: "repeat", at: first } : { do: "answer", outcome: { outcome: "reused" } };
  });
  const isRefused = isAtomic && steps.some((step) => step.do === "answer" && step.outcome.outcome === "reused");

  const outcomeAt = (step: Step, ofFresh: readonly PublishOutcome[]): PublishOutcome => {
    if (step.do === "answer") return step.outcome;
    const outcome = ofFresh[step.at];
    if (isRefused || outcome === undefined) return { outcome: "refused" };
    return step.do === "repeat" && outcome.outcome === "accepted" ? { ...outcome, outcome: "duplicate" } : outcome;
  };
  return { fresh, isRefused, answer: (ofFresh) => steps.map((step) => outcomeAt(step, ofFresh)) };
}

/** What a key that is recorded elsewhere means for an event. */
export function outcomeOf({ payloadHash }: NewEvent, recorded: RecordedKey): PublishOutcome {
  return recorded.payloadHash === payloadHash
    ? { outcome: "duplicate", offset: recorded.offset }
    : { outcome: "reused" };
}
