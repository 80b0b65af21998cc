import { pino } from "pino";
import { prettyFactory } from "pino-pretty";

/** Where log lines go; `process.stdout` is one. Each call gets one whole line with its line end. */
export interface LogDestination {
  write(line: string): unknown;
  flushSync?(): void;
}

export type LogFormat = "json" | "text";

/**
 * The stream that pino writes to. Standard output is written synchronously: a line that was logged is out even if the
 * process dies at once, and two loggers of one process can't cut into each other's lines.
 */
export function openDestination(format: LogFormat, given: LogDestination | undefined): LogDestination {
  const out = given ?? pino.destination({ dest: 1, sync: true });
  if (format === "json") return out;
  const pretty = prettyFactory({
    ...(given === undefined ? {} : { colorize: false }),
    ignore: "service,profile",
    messageFormat: "{service}: {msg}",
    singleLine: true,
    translateTime: "SYS:HH:MM:ss.l",
  });
  return { write: (line) => out.write(pretty(line)), flushSync: () => out.flushSync?.() };
}
