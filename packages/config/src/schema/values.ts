import { z } from "zod";

import { byteSizePattern, formatByteSize, parseByteSize } from "../byte-sizes.ts";
import { durationPattern, formatDuration, parseDuration } from "../durations.ts";

/** What a kind of value looks like to people: in the reference and in a problem. */
export const valueForms = z.registry<{
  readonly expected: string;
  /** What to look out for when a value was refused. */
  readonly hint?: string;
  /** How the value is written where that isn't plain JSON. */
  readonly format?: (value: number) => string;
}>();

interface Range {
  readonly min: number;
  readonly max: number;
}

/** A whole number within a range. */
export function integer({ min, max }: Range) {
  return z
    .int()
    .min(min)
    .max(max)
    .register(valueForms, { expected: `an integer from ${min} to ${max}` });
}

/** A number from 0 to 1. */
export function fraction() {
  return z.number().min(0).max(1).register(valueForms, { expected: "a number from 0 to 1" });
}

/** Milliseconds, written as a number or with a unit. */
export function durationMs({ min, max }: Range) {
  return measured({ min, max }, durationPattern, parseDuration).register(valueForms, {
    expected: `a duration from ${formatDuration(min)} to ${formatDuration(max)}`,
    hint: "units are ms, s, m and h; without one it is milliseconds",
    format: formatDuration,
  });
}

/** Bytes, written as a number or with a binary unit. */
export function byteSize({ min, max }: Range) {
  return measured({ min, max }, byteSizePattern, parseByteSize).register(valueForms, {
    expected: `a size from ${formatByteSize(min)} to ${formatByteSize(max)}`,
    hint: "units are B, KiB, MiB and GiB; without one it is bytes",
    format: formatByteSize,
  });
}

/** Strictly true or false. */
export function flag() {
  return z.boolean().register(valueForms, { expected: "true or false" });
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words).register(valueForms, { expected: `one of ${words.join(", ")}` });
}

/** Text that matches a pattern; `expected` says the pattern in words. */
export function text(pattern: RegExp, expected: string) {
  return z.string().regex(pattern).register(valueForms, { expected });
}

/** What a listener can be bound to. */
export function hostName() {
  return text(/^[A-Za-z0-9._:%-]{1,255}$/, "a host name or an IP address");
}

/** Text that a check accepts, where a pattern can't say it. */
export function checkedText(isValid: (value: string) => boolean, expected: string) {
  return z.string().refine(isValid).register(valueForms, { expected });
}

/** A list of up to 1,000 values. */
export function listOf<Item extends z.ZodType>(item: Item, expected: string) {
  return z
    .array(item)
    .max(1_000)
    .register(valueForms, { expected: `a list of ${expected}` });
}

/** A PostgreSQL connection string that names its host and database. */
export function postgresUrl() {
  return z.string().refine(isPostgresUrl).register(valueForms, {
    expected: "a URL such as postgres://user:password@host:5432/database",
    hint: "percent-encode characters such as # / ? @ in the password",
  });
}

/** A number and a text form of it, both held to one range. */
function measured({ min, max }: Range, pattern: RegExp, parse: (text: string) => number | undefined) {
  return z.union([z.int().min(min).max(max), z.string().regex(pattern)]).transform((value, context) => {
    const amount = typeof value === "number" ? value : parse(value);
    if (amount !== undefined && amount >= min && amount <= max) return amount;
    context.issues.push({ code: "custom", input: value });
    return z.NEVER;
  });
}

// Everything that an unescaped character of a password could turn into (a fragment, a second path segment, an @
// after the host) is refused, so that what remains can be shown without the password.
function isPostgresUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return (
    /^postgres(ql)?:$/.test(url.protocol) &&
    url.hostname !== "" &&
    /^\/[^/@]+$/.test(url.pathname) &&
    !url.search.includes("@") &&
    !value.includes("#")
  );
}

/** The path of a folder. */
export function folder() {
  return text(/^(?! *$)\P{Cc}+$/u, "the path of a folder");
}
