import type { JobStore } from "@millrace/storage";

export interface Changes {
  /** Resolves once something has changed since it resolved last, or after `timeoutMs`, or when the signal fires. It may resolve without a change. */
  next(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Watches no more. */
  close(): void;
}

/** What a process watches unfinished jobs with: one statement at a time for all who watch, none while nobody does. */
export interface JobWatch {
  /** `end`: only that the job is finished or gone; `everything`: each change of it, its log lines included. */
  watch(id: string, what: "end" | "everything"): Changes;
  close(): Promise<void>;
}

interface Watcher {
  readonly everything: boolean;
  /** The version that was seen last; undefined before the first look. */
  version: string | undefined;
  hasNews: boolean;
  wake: (() => void) | undefined;
}

export interface JobWatchOptions {
  readonly store: Pick<JobStore, "jobVersions">;
  /** The pause before a look once a job is watched anew or has changed; default 20. Each look without news makes it half as long again. */
  readonly pauseMsMin?: number;
  /** Default 200. */
  readonly pauseMsMax?: number;
}

/** So many jobs are looked at by one statement. */
const jobsPerLook = 5_000;
/** The looks take no more than this share of the time, however many jobs are watched. */
const busyShareMax = 0.1;
/** After a look that failed. */
const failurePauseMs = 1_000;

/** Makes a watch; it looks at nothing until somebody watches. */
export function createJobWatch({ store, pauseMsMin = 20, pauseMsMax = 200 }: JobWatchOptions): JobWatch {
  const watched = new Map<string, Set<Watcher>>();
  let timer: NodeJS.Timeout | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let pauseMs = pauseMsMin;
  let current: Promise<void> | undefined;
  let isClosed = false;

  function lookIn(ms: number): void {
    const atMs = performance.now() + ms;
    if (isClosed || current !== undefined || watched.size === 0 || atMs >= dueMs) return;
    clearTimeout(timer);
    dueMs = atMs;
    timer = setTimeout(() => {
      dueMs = Number.POSITIVE_INFINITY;
      current = look();
    }, ms);
  }

  async function look(): Promise<void> {
    const startMs = performance.now();
    let nextMs = failurePauseMs;
    try {
      const asked = [...watched].map(([id, watchers]) => ({ id, logs: [...watchers].some((one) => one.everything) }));
      let news = false;
      for (let first = 0; first < asked.length; first += jobsPerLook) {
        const some = asked.slice(first, first + jobsPerLook);
        const versions = await store.jobVersions(some);
        for (const { id } of some) news = tell(id, versions.get(id)) || news;
      }
      pauseMs = news ? pauseMsMin : Math.min(pauseMs * 1.5, pauseMsMax);
      nextMs = Math.max(pauseMs, (performance.now() - startMs) / busyShareMax);
    } catch {
      // An outage: whoever waits goes on waiting until the time is over, and learns of it from a call of its own.
    }
    current = undefined;
    lookIn(nextMs);
  }

  /** Wakes those for whom this version is news. */
  function tell(id: string, version: string | undefined): boolean {
    let news = false;
    for (const watcher of watched.get(id) ?? []) {
      const isNews = version === undefined || (watcher.everything && watcher.version !== version);
      watcher.version = version;
      if (!isNews) continue;
      news = true;
      watcher.hasNews = true;
      watcher.wake?.();
    }
    return news;
  }

  return {
    watch(id, what) {
      const watcher: Watcher = {
        everything: what === "everything",
        version: undefined,
        hasNews: false,
        wake: undefined,
      };
      const watchers = watched.get(id) ?? new Set();
      watched.set(id, watchers.add(watcher));
      pauseMs = pauseMsMin;
      lookIn(pauseMs);
      return {
        async next({ timeoutMs, signal } = {}) {
          if (!watcher.hasNews) await untilNews(watcher, timeoutMs, signal);
          watcher.hasNews = false;
        },
        close() {
          watchers.delete(watcher);
          if (watchers.size === 0 && watched.get(id) === watchers) watched.delete(id);
          if (watched.size > 0) return;
          clearTimeout(timer);
          dueMs = Number.POSITIVE_INFINITY;
        },
      };
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      for (const watchers of watched.values()) for (const watcher of watchers) watcher.wake?.();
      watched.clear();
      await current;
    },
  };
}

function untilNews(watcher: Watcher, timeoutMs: number | undefined, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      watcher.wake = undefined;
      resolve();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(done, timeoutMs);
    signal?.addEventListener("abort", done, { once: true });
    watcher.wake = done;
  });
}
