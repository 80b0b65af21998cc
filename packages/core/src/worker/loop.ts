import { backoffMs } from "./backoff.ts";

export interface LoopOptions {
  /** Does the work once; answers how many milliseconds to wait before the next time. */
  readonly step: () => Promise<number>;
  readonly firstDelayMs: number;
  /** Told of every failed step. */
  readonly onError: (error: unknown) => void;
  /** How long to wait after so many failures in a row; default short pauses that grow. */
  readonly pauseMs?: ((failures: number) => number) | undefined;
}

export interface Loop {
  /** Has the next step come now; one that is under way is followed by another. */
  wake(): void;
  /** Resolves when no step is under way and none will come. */
  stop(): Promise<void>;
}

/** Runs a step again and again, one at a time; it survives every failure. */
export function startLoop({ step, firstDelayMs, onError, pauseMs = backoffMs }: LoopOptions): Loop {
  let stopped = false;
  let failures = 0;
  let woken = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined = setTimeout(start, firstDelayMs);

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    woken = false;
    running = run();
  }

  async function run(): Promise<void> {
    let waitMs: number;
    try {
      waitMs = await step();
      failures = 0;
    } catch (error) {
      failures++;
      waitMs = pauseMs(failures);
      onError(error);
    }
    running = undefined;
    if (!stopped) timer = setTimeout(start, woken && failures === 0 ? 0 : waitMs);
  }

  return {
    wake() {
      if (stopped) return;
      if (running !== undefined) woken = true;
      else if (failures === 0) start();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
