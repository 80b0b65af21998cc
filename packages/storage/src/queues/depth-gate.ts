import { MillraceError } from "@millrace/contract";

import type { Lane } from "../jobs/wakeup.ts";
import { createRefreshingMemory, neverRead, type Remembered } from "../refreshing-memory.ts";
import type { Depth } from "./depth.ts";

/** Nobody is refused on an older count than this. */
const refusalMs = 100;
const retryAfterMs = { min: 1_000, max: 60_000, unknown: 5_000 };
/** How much the newest measure of the drain weighs. */
const newestShare = 0.5;

interface Queued {
  readonly tenantId: string;
  readonly queue: string;
}

/** The leave for jobs to be stored, in the order in which they came, as far as their queues have room. */
export interface Entry<Job extends Queued> {
  /** Those that found their queue full, and why. */
  readonly refused: ReadonlyMap<Job, MillraceError>;
  /** To be called once, when the others are stored for good, or not at all. */
  done(stored: boolean): void;
}

export interface DepthGate {
  enter<Job extends Queued>(jobs: readonly Job[]): Promise<Entry<Job>>;
}

export interface DepthGateOptions {
  readonly read: (lanes: readonly Lane[]) => Promise<readonly Depth[]>;
  /** Monotonic milliseconds. */
  readonly now?: (() => number) | undefined;
}

interface LaneState extends Remembered {
  readonly lane: Lane;
  maxDepth: number | null;
  counted: number;
  /** Stored by this process since the count began, and about to be. */
  stored: number;
  entering: number;
  drainPerMs: number | undefined;
}

/**
 * Keeps queues with a `maxDepth` from growing beyond it. A count serves for a while, together with what this process has added since it began: so one
 * process never goes beyond, and several together by no more than what the others add within a second. Queues without a limit cost a look-up in memory.
 */
export function createDepthGate({ read, now }: DepthGateOptions): DepthGate {
  const memory = createRefreshingMemory<LaneState>({ read: readLanes, now });

  function stateOf({ tenantId, queue }: Queued): LaneState {
    const key = `${tenantId}/${queue}`;
    return memory.entry(key, () => {
      const lane: Lane = [tenantId, queue];
      return {
        key,
        lane,
        readAtMs: neverRead,
        maxDepth: null,
        counted: 0,
        stored: 0,
        entering: 0,
        drainPerMs: undefined,
      };
    });
  }

  async function readLanes(unread: readonly LaneState[]): Promise<(state: LaneState, atMs: number) => void> {
    const before = new Map(unread.map((state) => [state, state.stored]));
    const depths = await read(unread.map(({ lane }) => lane));
    const byLane = new Map(depths.map((depth) => [`${depth.tenantId}/${depth.queue}`, depth]));
    return (state, atMs) => {
      const { maxDepth = null, depth = 0 } = byLane.get(state.key) ?? {};
      const storedBefore = before.get(state) ?? 0;
      if (state.maxDepth !== null && depth !== null) measureDrain(state, storedBefore - depth, atMs);
      state.stored -= storedBefore;
      state.maxDepth = maxDepth;
      state.counted = depth ?? 0;
    };
  }

  /** What is gone between two counts has left the line. Others may have added some: then it drains faster than this. */
  function measureDrain(state: LaneState, added: number, atMs: number): void {
    const perMs = Math.max(0, state.counted + added) / Math.max(1, atMs - state.readAtMs);
    state.drainPerMs =
      state.drainPerMs === undefined ? perMs : state.drainPerMs + (perMs - state.drainPerMs) * newestShare;
  }

  const depthOf = (state: LaneState) => state.counted + state.stored + state.entering;

  function full(state: LaneState, excess: number): MillraceError {
    const { lane, maxDepth, drainPerMs } = state;
    const wait = drainPerMs === undefined ? retryAfterMs.unknown : Math.ceil(excess / drainPerMs);
    const room = Math.max(0, (maxDepth ?? 0) - depthOf(state));
    return new MillraceError(
      "QUEUE_FULL",
      `The queue ${JSON.stringify(lane[1])} takes at most ${maxDepth} pending jobs, and has room for ${room} more.`,
      { retryAfterMs: Math.min(retryAfterMs.max, Math.max(retryAfterMs.min, wait)) },
    );
  }

  return {
    async enter<Job extends Queued>(jobs: readonly Job[]) {
      const lanes = [...new Set(jobs.map(stateOf))];
      await memory.keepFresh(lanes);
      const limited = lanes.filter(({ maxDepth }) => maxDepth !== null);
      const refused = new Map<Job, MillraceError>();
      if (limited.length === 0) return { refused, done: () => undefined };

      const wanted = new Map<LaneState, Job[]>();
      for (const job of jobs) {
        const state = stateOf(job);
        if (state.maxDepth !== null) wanted.set(state, [...(wanted.get(state) ?? []), job]);
      }
      const tight = limited.filter(
        (state) => depthOf(state) + (wanted.get(state)?.length ?? 0) > (state.maxDepth ?? 0),
      );
      if (tight.length > 0) await memory.refresh(tight, refusalMs);

      const entered = new Map<LaneState, number>();
      for (const [state, ofLane] of wanted) {
        const room = Math.max(0, (state.maxDepth ?? Number.POSITIVE_INFINITY) - depthOf(state));
        const entering = Math.min(room, ofLane.length);
        const excess = depthOf(state) + ofLane.length - (state.maxDepth ?? 0);
        if (entering < ofLane.length) {
          const error = full(state, excess);
          for (const job of ofLane.slice(entering)) refused.set(job, error);
        }
        state.entering += entering;
        entered.set(state, entering);
      }
      return {
        refused,
        done(stored) {
          for (const [state, n] of entered) {
            state.entering -= n;
            if (stored) state.stored += n;
          }
        },
      };
    },
  };
}
