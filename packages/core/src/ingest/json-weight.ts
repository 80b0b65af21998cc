/** What an object, a list or a member of one takes in memory once it is parsed, at the least. */
const nodeBytes = 64;
const comma = 0x2c;
const bracket = 0x5b;
const brace = 0x7b;

/** Bytes that the values of a JSON text take in memory beside the text itself: far more than it where it is dense, such as `[[],[]]`. Those within strings count too. */
export function jsonWeight(text: string): number {
  let nodes = 1;
  for (let at = 0; at < text.length; at++) if (isNode(text.charCodeAt(at))) nodes++;
  return nodes * nodeBytes;
}

/** The same for a part of a JSON text in bytes. */
export function jsonBytesWeight(bytes: Uint8Array): number {
  let nodes = 1;
  for (let at = 0; at < bytes.length; at++) if (isNode(bytes[at])) nodes++;
  return nodes * nodeBytes;
}

function isNode(code: number | undefined): boolean {
  return code === comma || code === brace || code === bracket;
}
