/** How a column of a given type is read from PostgreSQL's text format. */
export type Parser = (text: string) => unknown;

/** Element types by OID; every other type stays text. */
const scalarParsers: Readonly<Record<number, Parser>> = {
  16: (text) => text === "t",
  17: (text) => Uint8Array.from(Buffer.from(text.slice(2), "hex")),
  20: parseInt8,
  21: Number,
  23: Number,
  26: Number,
  114: JSON.parse as Parser,
  700: Number,
  701: Number,
  1184: parseTimestamptz,
  3802: JSON.parse as Parser,
};

const elementOfArray: Readonly<Record<number, number>> = {
  199: 114,
  1000: 16,
  1001: 17,
  1002: 18,
  1003: 19,
  1005: 21,
  1007: 23,
  1009: 25,
  1015: 1043,
  1016: 20,
  1021: 700,
  1022: 701,
  1028: 26,
  1115: 1114,
  1182: 1082,
  1185: 1184,
  1187: 1186,
  1231: 1700,
  2951: 2950,
  3807: 3802,
};

/** Parsers by type OID, arrays included, so that no connection has to ask the server for its types. */
export const parsers: Readonly<Record<number, Parser>> = {
  ...scalarParsers,
  ...Object.fromEntries(
    Object.entries(elementOfArray).map(([oid, element]) => {
      const parse = scalarParsers[element];
      return [oid, (text: string) => parseArray(text, parse)];
    }),
  ),
};

/** A number while it is exact, a bigint beyond. */
function parseInt8(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** Whole milliseconds: the microseconds are cut off. Infinity is the last (or first) Date there is. */
function parseTimestamptz(text: string): Date {
  // "2026-11-22 05:48:51.123456+00" is what a session that runs in UTC sends for every date of our time.
  if (text.charCodeAt(4) !== hyphen || text.charCodeAt(0) === zero || !text.endsWith("+00")) {
    return parseAnyTimestamptz(text);
  }
  const milliseconds = text.charCodeAt(19) === dot ? Number(text.slice(20, -3).padEnd(3, "0").slice(0, 3)) : 0;
  return new Date(
    Date.UTC(
      number(text, 0, 4),
      number(text, 5, 2) - 1,
      number(text, 8, 2),
      number(text, 11, 2),
      number(text, 14, 2),
      number(text, 17, 2),
      milliseconds,
    ),
  );
}

const zero = 48;
const hyphen = 45;
const dot = 46;

function number(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) value = value * 10 + text.charCodeAt(i) - zero;
  return value;
}

const anyTimestamptz =
  /^(?<year>\d{4,})-(?<month>\d\d)-(?<day>\d\d) (?<time>\d\d:\d\d:\d\d)(?:\.(?<fraction>\d+))?(?<sign>[+-])(?<hours>\d\d)(?::(?<minutes>\d\d))?(?::(?<seconds>\d\d))?(?<era> BC)?$/;

function parseAnyTimestamptz(text: string): Date {
  const groups = anyTimestamptz.exec(text)?.groups;
  if (groups === undefined) return new Date(text === "-infinity" ? -8.64e15 : 8.64e15);
  const field = (name: string): number => Number(groups[name] ?? 0);
  const [hours = 0, minutes = 0, seconds = 0] = (groups["time"] ?? "").split(":").map(Number);
  const date = new Date(0);
  date.setUTCFullYear(
    groups["era"] === undefined ? field("year") : 1 - field("year"),
    field("month") - 1,
    field("day"),
  );
  date.setUTCHours(hours, minutes, seconds, Number((groups["fraction"] ?? "").padEnd(3, "0").slice(0, 3)));
  const offsetSeconds = field("hours") * 3600 + field("minutes") * 60 + field("seconds");
  return new Date(date.getTime() - (groups["sign"] === "-" ? -1 : 1) * offsetSeconds * 1000);
}

/** Reads an array literal of any depth; an element without a parser stays text. */
function parseArray(text: string, parse: Parser | undefined): unknown[] {
  // A literal whose lower bound isn't 1 begins with its bounds: "[0:1]={1,2}".
  let at = text.indexOf("{");
  return readArray();

  function readArray(): unknown[] {
    const elements: unknown[] = [];
    at++;
    while (text[at] !== "}") {
      if (text[at] === ",") at++;
      elements.push(text[at] === "{" ? readArray() : readElement());
    }
    at++;
    return elements;
  }

  function readElement(): unknown {
    if (text[at] === '"') {
      const quoted = readQuoted();
      return parse === undefined ? quoted : parse(quoted);
    }
    const start = at;
    while (text[at] !== "," && text[at] !== "}") at++;
    const element = text.slice(start, at);
    if (element === "NULL") return null;
    return parse === undefined ? element : parse(element);
  }

  function readQuoted(): string {
    let value = "";
    let start = ++at;
    while (text[at] !== '"') {
      if (text[at] === "\\") {
        value += text.slice(start, at);
        start = ++at;
      }
      at++;
    }
    value += text.slice(start, at);
    at++;
    return value;
  }
}
