import { AsyncLocalStorage } from "node:async_hooks";

import { limits, type LogLineLevel, MillraceError } from "@millrace/contract";
import { createCoalescer, type JobStore, type LogItem } from "@millrace/storage";
import type { Logger } from "@millrace/telemetry";

import type { Outages } from "./outages.ts";
import type { Settler } from "./settler.ts";

export interface JobLogs {
  /** The same logger, whose lines are kept in the log of the lease's job as well, but for those of the level debug. Its calls never wait. */
  keeping(logger: Logger, leaseToken: string): Logger;
  /** What a lease still has to be written; undefined when that is nothing. Never rejects. */
  pending(leaseToken: string): Promise<void> | undefined;
}

export interface JobLogsOptions {
  readonly store: Pick<JobStore, "appendLogs">;
  readonly outages: Outages;
}

/** Lines that may wait to be written; while so many do, others are dropped. */
const waitingMax = 10_000;

/** Writes the lines of all handlers together, off their path. A log is news, not work: an outage drops lines, and the jobs go on. */
export function createJobLogs({ store, outages }: JobLogsOptions): JobLogs {
  // A batch carries the lines of other handlers too, so it is written outside of the trace of any one.
  const outside = AsyncLocalStorage.snapshot();
  const pending = new Map<string, Promise<void>>();
  const coalescer = createCoalescer<LogItem, void>({
    async fly(items) {
      try {
        await store.appendLogs(items);
        outages.recovered("logs");
      } catch (error) {
        outages.failed("logs", error);
      }
      return items.map(() => ({ ok: true, value: undefined }));
    },
    bytesOf: ({ lines }) => lines.reduce((sum, { message }) => sum + message.length, 0),
    flightsMax: 1,
    itemsMax: 500,
    bytesMax: 1024 * 1024,
    waitingMax,
    refuse: () => new MillraceError("RATE_LIMITED", "Too many log lines wait to be written."),
  });

  function add(leaseToken: string, level: LogLineLevel, message: string): void {
    const line = { level, message: message.slice(0, limits.logCharactersMax) };
    // Items are written in their order, so the last one stands for all.
    const written = coalescer
      .add({ leaseToken, lines: [line] })
      .catch(() => undefined)
      .then(() => {
        if (pending.get(leaseToken) === written) pending.delete(leaseToken);
      });
    pending.set(leaseToken, written);
  }

  return {
    keeping(logger, leaseToken) {
      let kept = 0;
      const keep = (level: LogLineLevel, message: string) => {
        // The store would drop the others.
        if (kept++ < limits.logLinesMax) outside(() => add(leaseToken, level, message));
      };
      return keepingLogger(logger, keep);
    },
    pending: (leaseToken) => pending.get(leaseToken),
  };
}

/** A settler that has a job's lines written before its end: a lease that has ended takes none. */
export function afterLogs(settler: Settler, logs: Pick<JobLogs, "pending">): Settler {
  return {
    ...settler,
    settle(leaseToken, settlement) {
      const lines = logs.pending(leaseToken);
      return lines === undefined
        ? settler.settle(leaseToken, settlement)
        : lines.then(() => settler.settle(leaseToken, settlement));
    },
  };
}

function keepingLogger(logger: Logger, keep: (level: LogLineLevel, message: string) => void): Logger {
  const both =
    (level: "info" | "warn" | "error"): Logger["info"] =>
    (fields, message) => {
      logger[level](fields, message);
      keep(level, message);
    };
  return {
    ...logger,
    info: both("info"),
    warn: both("warn"),
    error: both("error"),
    child: (fields) => keepingLogger(logger.child(fields), keep),
  };
}
