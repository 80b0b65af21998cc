import { refuse, type ValueCheck } from "./faults.ts";

const timestampExpected =
  "A time of the years 1 to 9999 with Z or an offset, and microseconds at most, such as 2026-01-31T12:00:00.123456Z";
const dateExpected = "A day of the calendar from 0001-01-01 to 9999-12-31";

const zero = 0x30;
const dash = 0x2d;
const colon = 0x3a;
const dateCharacters = 10;
/** Of "2026-01-31T12:00:00". */
const secondsCharacters = 19;
const fractionDigitsMax = 6;

/** Days as in `2026-01-31`. */
export const checkDate: ValueCheck = (value, faults) => {
  if (typeof value !== "string") return refuse(faults, "wrong_type", dateExpected, value);
  if (value.length === dateCharacters && startsWithDate(value)) return value;
  return refuse(faults, "invalid_date", dateExpected, value);
};

/** Times as in RFC 3339, which are stored in UTC: read as a plain timestamp, an offset would be dropped. */
export const checkTimestamp: ValueCheck = (value, faults) => {
  if (typeof value !== "string") return refuse(faults, "wrong_type", timestampExpected, value);
  const zoneAt = startsWithDate(value) ? endOfClock(value) : -1;
  if (zoneAt > 0 && value.charCodeAt(10) === 0x54 /* T */ && value.endsWith("Z") && value.length === zoneAt + 1) {
    return value;
  }
  const utc = zoneAt > 0 ? toUtc(value, zoneAt) : undefined;
  return utc ?? refuse(faults, "invalid_timestamp", timestampExpected, value);
};

const offsetPattern = /^(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

function toUtc(text: string, zoneAt: number): string | undefined {
  const zone = text.slice(zoneAt);
  if (!offsetPattern.test(zone)) return undefined;
  const atUtc = new Date(`${text.slice(0, dateCharacters)}T${text.slice(11, secondsCharacters)}${zone.toUpperCase()}`);
  const shifted = atUtc.toISOString().slice(0, secondsCharacters);
  // Years outside of 1 to 9999 have a sign, or are 0.
  return /^(?!0000)\d{4}-/.test(shifted) ? `${shifted}${text.slice(secondsCharacters, zoneAt)}Z` : undefined;
}

/** Where the zone begins after a clock such as `T12:00:00.123456`; -1 where there is no such clock. */
function endOfClock(text: string): number {
  const separator = text.charCodeAt(10) | 0x20;
  if (separator !== 0x74 /* t */ || text.charCodeAt(13) !== colon || text.charCodeAt(16) !== colon) return -1;
  if (!(two(text, 11) <= 23 && two(text, 14) <= 59 && two(text, 17) <= 59)) return -1;
  if (text.charCodeAt(secondsCharacters) !== 0x2e /* . */) return secondsCharacters;
  let end = secondsCharacters + 1;
  while (digit(text, end) <= 9) end++;
  const digits = end - secondsCharacters - 1;
  return digits >= 1 && digits <= fractionDigitsMax ? end : -1;
}

function startsWithDate(text: string): boolean {
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return false;
  return text.charCodeAt(4) === dash && text.charCodeAt(7) === dash && day <= daysOf(year, month);
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Two digits as a number; NaN where there are none. */
function two(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - zero;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}
