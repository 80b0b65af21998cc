import { AsyncLocalStorage } from "node:async_hooks";

/** A value that is still to come doesn't hold up the flight: its caller waits for it alone. */
export type Outcome<Answer> =
  | { readonly ok: true; readonly value: Answer | Promise<Answer> }
  | { readonly ok: false; readonly error: unknown };

export interface CoalescerOptions<Item, Answer> {
  /** Writes the items together and answers an outcome an item, in order; a rejection is everybody's. */
  readonly fly: (items: readonly Item[]) => Promise<readonly Outcome<Answer>[]>;
  readonly bytesOf: (item: Item) => number;
  /** Flights under way at most; further callers gather meanwhile. */
  readonly flightsMax: number;
  readonly itemsMax: number;
  readonly bytesMax: number;
  /** How many callers may wait: a longer queue in memory would only hide an overload. */
  readonly waitingMax: number;
  /** What a caller gets when too many wait. */
  readonly refuse: () => Error;
}

export interface Coalescer<Item, Answer> {
  /** Answered once the flight that carried the item has landed. */
  add(item: Item): Promise<Answer>;
  /** How many items wait for a flight. */
  waiting(): number;
  /** Resolves when nothing waits or flies. */
  idle(): Promise<void>;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer | Promise<Answer>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets concurrent callers share one write. A flight leaves as soon as one is free, with whoever has gathered by then:
 * there is no time window, so a lone caller waits for nobody.
 */
export function createCoalescer<Item, Answer>(options: CoalescerOptions<Item, Answer>): Coalescer<Item, Answer> {
  // A flight carries the items of many, so it is outside of the trace of any one.
  const outside = AsyncLocalStorage.snapshot();
  let waiting: Waiting<Item, Answer>[] = [];
  let flights = 0;
  let launching = false;
  let idlers: (() => void)[] = [];

  const board = (): Waiting<Item, Answer>[] => {
    let count = 0;
    for (let bytes = 0; count < waiting.length && count < options.itemsMax; count++) {
      const next = waiting[count];
      if (next === undefined) break;
      bytes += options.bytesOf(next.item);
      if (count > 0 && bytes > options.bytesMax) break;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return batch;
  };

  const launch = () => {
    launching = false;
    while (flights < options.flightsMax && waiting.length > 0) {
      flights++;
      void land(board());
    }
    if (flights === 0 && waiting.length === 0) {
      for (const idler of idlers) idler();
      idlers = [];
    }
  };

  const land = async (batch: readonly Waiting<Item, Answer>[]) => {
    try {
      const outcomes = await options.fly(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome?.ok === true) resolve(outcome.value);
        else reject(outcome?.error ?? new Error("the flight answered fewer outcomes than it carried items"));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      flights--;
      launch();
    }
  };

  return {
    add(item) {
      if (waiting.length >= options.waitingMax) return Promise.reject(options.refuse());
      return new Promise<Answer>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        // In a microtask, so that the callers of one turn of the event loop leave together.
        if (!launching && flights < options.flightsMax) {
          launching = true;
          queueMicrotask(() => outside(launch));
        }
      });
    },
    waiting: () => waiting.length,
    idle() {
      if (flights === 0 && waiting.length === 0) return Promise.resolve();
      return new Promise((resolve) => idlers.push(resolve));
    },
  };
}

/** What comes of an answer, as the outcome of its item. */
export function settled<Answer>(answer: Promise<Answer>): Promise<Outcome<Answer>> {
  return answer.then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error }),
  );
}

/** Writes each item by itself, one after another: what fails in one does not fail the others. */
export async function settleEach<Item, Answer>(
  items: readonly Item[],
  write: (item: Item) => Promise<Answer>,
): Promise<readonly Outcome<Answer>[]> {
  const outcomes: Outcome<Answer>[] = [];
  for (const item of items) outcomes.push(await settled(write(item)));
  return outcomes;
}
