import type { FieldError } from "@millrace/contract";

interface Level {
  /** Of an object: the names so far. Undefined for an array. */
  readonly names: Set<string> | undefined;
  at: string | number;
}

const faultsMax = 100;
/** Far beyond what anybody nests; below what would cost more to tell of than to read. */
const levelsMax = 256;
const pathLevelsMax = 32;
const pathCharactersMax = 256;
const quote = 0x22;
const backslash = 0x5c;

/**
 * What `JSON.parse` would change without a word: a member that is given twice (the first one vanishes), an integer beyond 2^53 (its last
 * digits change) and a number beyond all floating point (it becomes null). One pass over text that `JSON.parse` has accepted. Without `numbers` only members are looked at:
 * for those who read numbers with all their digits.
 */
export function scanJson(text: string, { numbers = true } = {}): readonly FieldError[] {
  const faults: FieldError[] = [];
  const levels: Level[] = [];
  let level: Level | undefined;
  let isName = false;

  const fault = (code: string, message: string) => {
    if (faults.length < faultsMax) faults.push({ path: pathOf(levels), code, message });
  };

  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      const end = endOfString(text, i + 1);
      if (isName && level?.names !== undefined) {
        level.at = nameAt(text, i, end);
        if (level.names.has(level.at)) fault("duplicate_field", "This field is given twice.");
        level.names.add(level.at);
        isName = false;
      }
      i = end;
    } else if (code === 0x7b /* { */ || code === 0x5b /* [ */) {
      isName = code === 0x7b;
      level = isName ? { names: new Set(), at: "" } : { names: undefined, at: 0 };
      levels.push(level);
      if (levels.length > levelsMax) {
        fault("nested_too_deeply", `At most ${levelsMax} levels of objects and arrays.`);
        return faults;
      }
    } else if (code === 0x7d /* } */ || code === 0x5d /* ] */) {
      levels.pop();
      level = levels.at(-1);
      isName = false;
    } else if (code === 0x2c /* , */ && level !== undefined) {
      if (typeof level.at === "number") level.at++;
      else isName = true;
    } else if (numbers && isDigit(code)) {
      const end = endOfNumber(text, i);
      // Fifteen digits without an exponent are always kept.
      if (end - i > 15 || hasExponent(text, i, end)) {
        const problem = numberFault(text.slice(i, end));
        if (problem !== undefined) fault("number_out_of_range", problem);
      }
      i = end - 1;
    }
  }
  return faults;
}

/** A path of bounded length: the beginning of a longer one. */
function pathOf(levels: readonly Level[]): string {
  const shown = levels.slice(0, pathLevelsMax).map(({ at }) => String(at).slice(0, pathCharactersMax));
  const path = shown.join(".").slice(0, pathCharactersMax);
  return levels.length > shown.length || path.length === pathCharactersMax ? `${path}…` : path;
}

function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); ; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0 || at < 0) return at < 0 ? text.length : at;
  }
}

/** A name may be written with escapes; `a` and `\u0061` are the same. */
function nameAt(text: string, from: number, end: number): string {
  const raw = text.slice(from + 1, end);
  return raw.includes("\\") ? (JSON.parse(text.slice(from, end + 1)) as string) : raw;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function endOfNumber(text: string, from: number): number {
  let end = from + 1;
  while (end < text.length && isNumberPart(text.charCodeAt(end))) end++;
  return end;
}

function isNumberPart(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === 0x2d;
}

function hasExponent(text: string, from: number, end: number): boolean {
  for (let i = from; i < end; i++) if ((text.charCodeAt(i) | 0x20) === 0x65) return true;
  return false;
}

function numberFault(digits: string): string | undefined {
  const value = Number(digits);
  if (!Number.isFinite(value)) return "A number that floating point can hold.";
  if (/^\d+$/.test(digits) && !Number.isSafeInteger(value)) {
    return "An integer up to 2^53 - 1 either way; send a larger one as text.";
  }
  return undefined;
}
