/** What is so old is read again in the background; whoever meets what is older than `staleMs` waits for it to be read. */
const freshMs = 500;
const staleMs = 1_000;
const entriesMax = 10_000;

/** What is remembered under a key. */
export interface Remembered {
  readonly key: string;
  /** When the read began that this comes from; `neverRead` in the beginning. */
  readAtMs: number;
}

export const neverRead = Number.NEGATIVE_INFINITY;

export interface RefreshingMemoryOptions<Entry extends Remembered> {
  /** Reads some entries together; answers how each takes what was read, from a read that began at `atMs`. */
  readonly read: (entries: readonly Entry[]) => Promise<(entry: Entry, atMs: number) => void>;
  /** Called when there were too many entries, and all were dropped. */
  readonly onClear?: () => void;
  /** Monotonic milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** Remembers what others may change in the database at any time, and knows how old each part of it is. */
export interface RefreshingMemory<Entry extends Remembered> {
  /** The entry of a key, made where there is none. */
  entry(key: string, make: () => Entry): Entry;
  has(key: string): boolean;
  drop(key: string): void;
  /** Resolves when all of the entries are at most a second old; those older than half a second are read again in the background. */
  keepFresh(entries: readonly Entry[]): Promise<void>;
  /** Resolves when all of the entries come from reads that began `ageMs` ago at the earliest. */
  refresh(entries: readonly Entry[], ageMs: number): Promise<void>;
  /** To be called when an entry was changed: no read that began before counts. */
  forget(entry: Entry): void;
}

/** Makes an empty memory. All who meet the same old entry wait for one read. */
export function createRefreshingMemory<Entry extends Remembered>({
  read,
  onClear,
  now = () => performance.now(),
}: RefreshingMemoryOptions<Entry>): RefreshingMemory<Entry> {
  const known = new Map<string, Entry>();
  /** The read under way of each entry; one that is no longer here is void for it. */
  const reading = new Map<Entry, Promise<void>>();

  async function refresh(of: readonly Entry[], ageMs: number): Promise<void> {
    const sinceMs = now() - ageMs;
    for (;;) {
      const old = of.filter(({ readAtMs }) => readAtMs < sinceMs);
      if (old.length === 0) return;
      const unread = old.filter((entry) => !reading.has(entry));
      if (unread.length > 0) begin(unread);
      await Promise.all(old.flatMap((entry) => reading.get(entry) ?? []));
    }
  }

  function begin(unread: readonly Entry[]): void {
    const atMs = now();
    const own = (entry: Entry) => reading.get(entry) === done;
    const done = read(unread)
      .then((take) => {
        for (const entry of unread.filter(own)) {
          take(entry, atMs);
          entry.readAtMs = atMs;
        }
      })
      .finally(() => {
        for (const entry of unread.filter(own)) reading.delete(entry);
      });
    for (const entry of unread) reading.set(entry, done);
  }

  return {
    entry(key, make) {
      let entry = known.get(key);
      if (entry === undefined) {
        if (known.size >= entriesMax) {
          known.clear();
          onClear?.();
        }
        known.set(key, (entry = make()));
      }
      return entry;
    },
    has: (key) => known.has(key),
    drop: (key) => void known.delete(key),
    async keepFresh(entries) {
      const sinceMs = now() - freshMs;
      if (entries.every(({ readAtMs }) => readAtMs >= sinceMs)) return;
      await refresh(entries, staleMs);
      // A failure is met by whoever has to wait for it.
      refresh(entries, freshMs).catch(() => undefined);
    },
    refresh,
    forget(entry) {
      entry.readAtMs = neverRead;
      reading.delete(entry);
    },
  };
}
