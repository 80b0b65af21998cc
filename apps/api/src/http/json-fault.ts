/** What is wrong with a text that `JSON.parse` refused, to go on with after "is not valid JSON". The parser's own message quotes the body, so only its place or its first odd character is taken over. */
export function jsonFault(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  if (message.includes("end of JSON")) return ": it ends too early";
  const [, at, place] = /position (\d+)(?: \((line \d+ column \d+)\))?/.exec(message) ?? [];
  if (at !== undefined) {
    // Lines of JSON, mostly.
    const what = message.includes("after JSON") ? ": something follows the value" : "";
    return place === undefined ? `${what} at position ${at}` : `${what} at position ${at} (${place})`;
  }
  const [, token] = /^Unexpected token '(.)'/u.exec(message) ?? [];
  // Of a character outside of the first plane the parser names a half.
  if (token === undefined || !token.isWellFormed()) return "";
  return hints[token] ?? `: there is an unexpected ${JSON.stringify(token)}`;
}

const noSuchValue = ": it knows no NaN, Infinity, None or undefined; send null, or leave the field out";
const lowerCase = ": it writes true and false in lower case";
const hints: Readonly<Record<string, string>> = {
  N: noSuchValue,
  I: noSuchValue,
  u: noSuchValue,
  T: lowerCase,
  F: lowerCase,
  "'": ": its text is in double quotes",
};
