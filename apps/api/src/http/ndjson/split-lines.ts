import { isUtf8 } from "node:buffer";

/** A line of a body, or what is wrong with it. Lines are counted from 1, as editors do, empty ones too. */
export interface Line {
  readonly number: number;
  readonly text: string | undefined;
  readonly fault?: "not_utf8" | "too_long";
}

export interface LineSplitter {
  /** The lines that end in this part. */
  push(part: Buffer): readonly Line[];
  /** The last line, if nothing ends it. */
  end(): readonly Line[];
  /** Bytes since the last line that wasn't empty nor too long. */
  idleBytes(): number;
}

const lineFeed = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Splits a body into lines; one that is longer than `lineBytesMax` is not kept. Lines of nothing but space are left out. */
export function createLineSplitter(lineBytesMax: number): LineSplitter {
  let number = 0;
  /** The beginning of a line whose end is still to come. */
  let open: Buffer[] = [];
  let openBytes = 0;
  let idle = 0;

  function close(): Line | undefined {
    const line = open.length === 1 && open[0] !== undefined ? open[0] : Buffer.concat(open);
    const bytes = openBytes;
    open = [];
    openBytes = 0;
    number++;
    if (bytes > lineBytesMax) return { number, text: undefined, fault: "too_long" };
    return lineOf(number === 1 ? withoutMark(line) : line, number);
  }

  function hold(part: Buffer): void {
    openBytes += part.length;
    // A copy: a few bytes would keep the whole part in memory. Of a line that is too long nothing is needed any more.
    if (openBytes > lineBytesMax) open = [];
    else open.push(Buffer.from(part));
  }

  return {
    push(part) {
      idle += part.length;
      const lines: Line[] = [];
      let from = 0;
      for (let end = part.indexOf(lineFeed); end >= 0; end = part.indexOf(lineFeed, from)) {
        let line: Line | undefined;
        if (openBytes > 0) {
          hold(part.subarray(from, end));
          line = close();
        } else {
          number++;
          const bytes = part.subarray(from, end);
          if (bytes.length > lineBytesMax) line = { number, text: undefined, fault: "too_long" };
          else line = lineOf(number === 1 ? withoutMark(bytes) : bytes, number);
        }
        from = end + 1;
        if (line === undefined) continue;
        lines.push(line);
        if (line.fault !== "too_long") idle = part.length - from;
      }
      if (from < part.length) hold(part.subarray(from));
      return lines;
    },
    end() {
      const line = openBytes > 0 ? close() : undefined;
      return line === undefined ? [] : [line];
    },
    idleBytes: () => idle,
  };
}

function lineOf(bytes: Buffer, number: number): Line | undefined {
  // Bodies of nothing but empty lines are cheap to send.
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) return { number, text: undefined, fault: "not_utf8" };
  const text = bytes.toString("utf8");
  return /^[ \t\r]*$/.test(text) ? undefined : { number, text };
}

function withoutMark(line: Buffer): Buffer {
  return line.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? line.subarray(byteOrderMark.length) : line;
}
