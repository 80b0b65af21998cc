/** A bounded map whose entries end by themselves; when it is full, what was not used for longest goes. */
export interface ExpiringCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value, ttlMs: number): void;
  delete(key: string): void;
  clear(): void;
  readonly size: number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly endsAtMs: number;
}

/** Makes a cache of at most `sizeMax` entries. `nowMs` is a clock that never goes back. */
export function createExpiringCache<Value>(
  sizeMax: number,
  nowMs: () => number,
  onDrop: (value: Value) => void = () => {},
): ExpiringCache<Value> {
  // A Map keeps insertion order: the first key is the one that was used longest ago.
  const entries = new Map<string, Entry<Value>>();
  /** The last key of the map, while that is known: it needs no moving, which would make the map grow and be rehashed all the time. */
  let newest: string | undefined;

  function drop(key: string): void {
    const entry = entries.get(key);
    if (key === newest) newest = undefined;
    if (entries.delete(key) && entry !== undefined) onDrop(entry.value);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.endsAtMs <= nowMs()) {
        drop(key);
        return undefined;
      }
      if (key !== newest) {
        entries.delete(key);
        entries.set(key, entry);
        newest = key;
      }
      return entry.value;
    },
    set(key, value, ttlMs) {
      if (ttlMs <= 0) return;
      drop(key);
      if (entries.size >= sizeMax) {
        const [oldest] = entries.keys();
        if (oldest !== undefined) drop(oldest);
      }
      entries.set(key, { value, endsAtMs: nowMs() + ttlMs });
      newest = key;
    },
    delete: drop,
    clear() {
      for (const key of entries.keys()) drop(key);
    },
    get size() {
      return entries.size;
    },
  };
}
