/** Notes the use of keys off the request's path. */
export interface UsageRecorder {
  used(keyId: string): void;
  /** Writes what is still to be written. */
  close(): Promise<void>;
}

export interface UsageRecorderOptions {
  readonly write: (keyIds: readonly string[]) => Promise<void>;
  /** How long uses are gathered into one write; default 5,000. */
  readonly gatherMs?: number;
  /** How long a key rests after a write; default a minute. */
  readonly restMs?: number;
  /** Most keys remembered; what is beyond is noted a little less often or later. Default 10,000. */
  readonly keysMax?: number;
  readonly nowMs?: () => number;
}

/** Gathers uses into one write now and then: at most one a key and minute. A write that fails is forgotten: the next use comes. */
export function createUsageRecorder(options: UsageRecorderOptions): UsageRecorder {
  const { write, gatherMs = 5_000, restMs = 60_000, keysMax = 10_000, nowMs = () => performance.now() } = options;
  /** When each key may be written again. */
  const resting = new Map<string, number>();
  const gathered = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const keyIds = [...gathered];
    gathered.clear();
    if (keyIds.length > 0) await write(keyIds).catch(() => undefined);
  }

  return {
    used(keyId) {
      const now = nowMs();
      if (closed || (resting.get(keyId) ?? 0) > now || gathered.size >= keysMax) return;
      if (resting.size >= keysMax) resting.clear();
      resting.set(keyId, now + restMs);
      gathered.add(keyId);
      timer ??= setTimeout(() => void flush(), gatherMs).unref();
    },
    async close() {
      closed = true;
      await flush();
    },
  };
}
