import { pino } from "pino";

import { currentTrace } from "../trace/trace-context.ts";
import { type CleanFields, createFieldCleaner } from "./clean-fields.ts";
import { cleanText } from "./clean-text.ts";
import { type LogDestination, type LogFormat, openDestination } from "./destination.ts";
import type { LogFields } from "./vocabulary.ts";

/** The least severe level that is written; nothing of ours speaks at `trace` or `fatal`, but a threshold may lie there. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** Writes one line per call. No field that it is given makes a call throw. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger whose lines carry these fields as well. */
  child(fields: LogFields): Logger;
  /** Hands on the lines that `write` logs in few pieces: many lines at once then cost few system calls. */
  together(write: () => void): void;
  /** Returns when everything logged has been handed to the operating system. */
  flush(): void;
}

export interface LoggerOptions {
  /** Which program speaks: `api`, `worker`, `migrator`. */
  readonly service: string;
  readonly profile: string;
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Field names to write besides the vocabulary, as plain values. */
  readonly allow?: readonly string[] | undefined;
  /** Field names to withhold although the vocabulary has them. */
  readonly redact?: readonly string[] | undefined;
  /** Whether payloads and results of jobs may be written; default no. */
  readonly payloads?: boolean | undefined;
  /** Default: standard output. */
  readonly destination?: LogDestination | undefined;
}

/**
 * Makes the logger of a program. Every line is JSON with level, time, service, profile, the tenant and traceId of the running
 * request or job, the call's fields as far as the vocabulary knows them, and `msg`; or the same as text for a terminal.
 */
export function createLogger(options: LoggerOptions): Logger {
  const destination = openDestination(options.format, options.destination);
  const clean = createFieldCleaner(options);
  const out = pino(
    {
      level: options.level,
      base: { service: options.service, profile: options.profile },
      timestamp: createTimestamp(),
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => error },
    },
    destination as pino.DestinationStream,
  );

  const traceFields = (): CleanFields => {
    const trace = currentTrace();
    return trace === undefined ? none : clean({ tenant: trace.tenant, traceId: trace.traceId });
  };
  const bind = (bound: CleanFields): Logger => {
    const at = (level: "debug" | "info" | "warn" | "error") => (fields: LogFields, message: string) => {
      if (out.isLevelEnabled(level)) out[level]({ ...traceFields(), ...bound, ...clean(fields) }, cleanText(message));
    };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      child: (fields) => bind({ ...bound, ...clean(fields) }),
      together: (write) => destination.together(write),
      flush: () => destination.flushSync(),
    };
  };
  return bind(none);
}

const none: CleanFields = {};

/** Formatting a date is a third of a line's cost; lines of the same millisecond share it. */
function createTimestamp(): () => string {
  let formattedAt = Number.NaN;
  let formatted = "";
  return () => {
    const now = Date.now();
    if (now !== formattedAt) {
      formattedAt = now;
      formatted = `,"time":"${new Date(now).toISOString()}"`;
    }
    return formatted;
  };
}

/** Drops everything: the default of parts that work without a program around them. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
  together: (write) => write(),
  flush: () => undefined,
};
