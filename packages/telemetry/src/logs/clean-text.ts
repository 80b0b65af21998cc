/** What stands in a log where a value was withheld. */
export const redacted = "[redacted]";

/** Longest string written to a log, in characters. */
export const textCharactersMax = 4_096;
/** Secrets are looked for in this much of a longer string, so that the cut can't split one and hide its shape. */
const scannedCharactersMax = 65_536;

const invisible = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;
const invisibleRuns = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu;

/** No shape below can occur in a text without one of these; most log strings have none and stop here. */
const suspicious = /[:=]|(?:bearer|basic)\s|_[A-Za-z0-9]{36}|eyJ/i;

/** Shapes of secrets inside free text. Each is linear in the length of the text. */
const secretShapes: readonly (readonly [shape: RegExp, replacement: string])[] = [
  [/(authorization|cookie)(["']?\s{0,4}[=:]).*/gi, `$1$2 ${redacted}`],
  [/\b(bearer|basic)\s{1,4}[\w.~+/=-]{8,}/gi, `$1 ${redacted}`],
  [
    /(passwords?|passwd|passphrase|pwd|secrets?|tokens?|api[-_]?keys?|credentials?)(["']?\s{0,4}[=:]\s{0,4})("[^"]*"?|'[^']*'?|[^\s,;&})\]]+)/gi,
    `$1$2${redacted}`,
  ],
  [/\b[A-Za-z]{2,16}_(?:[A-Za-z0-9]{1,16}_){0,3}[A-Za-z0-9]{36,}/g, redacted],
  [/\beyJ[\w-]{8,512}\.[\w-]+\.[\w-]*/g, redacted],
];

/**
 * A string as a log may show it: control and bidirectional characters become a space, secrets that have a known shape
 * (user info and query of a URL, credentials, `password=…`, keys, JWTs) are withheld, and it ends after 4,096 characters.
 */
export function cleanText(text: string): string {
  if (text.length <= textCharactersMax && !invisible.test(text) && !suspicious.test(text)) return text;
  const shown = scrub(text.slice(0, scannedCharactersMax).replaceAll(invisibleRuns, " "));
  return shown.length <= textCharactersMax ? shown : `${shown.slice(0, textCharactersMax).toWellFormed()}…`;
}

/** A URL or path without user info, query and fragment; the rest is cleaned like any text. */
export function cleanUrl(url: string): string {
  const withoutUserInfo = url.slice(0, scannedCharactersMax).replace(/:\/\/(?!\/).*@/s, "://");
  return cleanText(withoutUserInfo.replace(/[?#].*/s, ""));
}

function scrub(text: string): string {
  let shown = text.replaceAll(/:\/\/(\S+)/g, (_, rest: string) => `://${afterScheme(rest)}`);
  for (const [shape, replacement] of secretShapes) shown = shown.replaceAll(shape, replacement);
  return shown;
}

/** A password may itself hold `/`, `?` or `@`, so all up to the last `@` goes; `file:///` has no authority and keeps its path. */
function afterScheme(rest: string): string {
  const at = rest.startsWith("/") ? -1 : rest.lastIndexOf("@");
  const address = at < 0 ? rest : `${redacted}@${rest.slice(at + 1)}`;
  return address.replace(/[?#].*/s, `?${redacted}`);
}
