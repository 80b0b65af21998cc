import { pino } from "pino";
import { prettyFactory } from "pino-pretty";

/** Where log lines go; `process.stdout` is one. Each call gets whole lines with their line ends: one, or what was written together. */
export interface LogDestination {
  write(lines: string): unknown;
  flushSync?(): void;
}

export type LogFormat = "json" | "text";

/** A destination of which lines can be gathered. */
export interface OpenDestination extends Required<LogDestination> {
  /** Hands on the lines that `write` logs in as few pieces as can be. */
  together(write: () => void): void;
}

/** A pipe takes this much in one piece (POSIX): the lines of another process can't come in between. */
const pieceCharactersMax = 4_096;

/**
 * The stream that pino writes to. Standard output is written synchronously: a line that was logged is out even if the
 * process dies at once, and two loggers of one process can't cut into each other's lines.
 */
export function openDestination(format: LogFormat, given: LogDestination | undefined): OpenDestination {
  const out = given ?? pino.destination({ dest: 1, sync: true });
  const asWritten = format === "json" ? (line: string) => line : createPretty(given !== undefined);
  let gathering = false;
  let gathered = "";

  function handOn(): void {
    if (gathered === "") return;
    const lines = gathered;
    gathered = "";
    out.write(lines);
  }

  return {
    write(line) {
      const text = asWritten(line);
      if (gathered.length + text.length > pieceCharactersMax) handOn();
      gathered += text;
      if (!gathering) handOn();
    },
    together(write) {
      gathering = true;
      try {
        write();
      } finally {
        gathering = false;
        handOn();
      }
    },
    flushSync: () => out.flushSync?.(),
  };
}

function createPretty(plain: boolean): (line: string) => string {
  return prettyFactory({
    ...(plain ? { colorize: false } : {}),
    ignore: "service,profile",
    messageFormat: "{service}: {msg}",
    singleLine: true,
    translateTime: "SYS:HH:MM:ss.l",
  });
}
