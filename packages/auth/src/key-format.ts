import { hash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/** Which kind of installation a key was made for; it only helps people to tell keys apart. */
export type KeyKind = "live" | "dev";

/**
 * `mr_live_` or `mr_dev_`, 16 characters that name the key, 32 that are secret (190 bits), and 6 of checksum; all base 62, so that a
 * double click takes the whole key and a secret scanner can know it for sure. Documented in docs/reference/http.md.
 */
export const keyPattern = /^mr_(?:live|dev)_[0-9A-Za-z]{54}$/;

const nameCharacters = 16;
const secretCharacters = 32;
const checksumCharacters = 6;

/** A key taken apart: what finds it, and what proves it. */
export interface ParsedKey {
  /** The public first part, up to the end of its name. */
  readonly start: string;
  /** SHA-256 of the whole key, in base 64. */
  readonly digest: string;
}

export interface MintedKey {
  /** The key itself; to be shown once and never stored. */
  readonly key: string;
  readonly start: string;
  /** SHA-256 of the whole key. */
  readonly hash: Buffer;
}

/** Draws a new key. */
export function mintKey(kind: KeyKind): MintedKey {
  const start = `mr_${kind}_${randomBase62(nameCharacters)}`;
  const body = start + randomBase62(secretCharacters);
  const key = body + checksum(body);
  return { key, start, hash: hashKey(key) };
}

/** Takes a key apart; undefined for anything that can't be one, typing errors included, so that those cost no query. */
export function parseKey(key: string): ParsedKey | undefined {
  if (!keyPattern.test(key)) return undefined;
  const body = key.slice(0, -checksumCharacters);
  if (key.slice(-checksumCharacters) !== checksum(body)) return undefined;
  return { start: body.slice(0, -secretCharacters), digest: keyDigest(key) };
}

/** SHA-256 of any text that is presented as a key, in base 64. */
export function keyDigest(key: string): string {
  return hash("sha256", key, "base64");
}

/** SHA-256 of a key. A key that we drew can't be guessed, so nothing slower is needed. */
export function hashKey(key: string): Buffer {
  return hash("sha256", key, "buffer");
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function checksum(body: string): string {
  let value = crc32(body);
  let text = "";
  for (let i = 0; i < checksumCharacters; i++) {
    text = alphabet.charAt(value % alphabet.length) + text;
    value = Math.floor(value / alphabet.length);
  }
  return text;
}

/** Bytes from 248 on are thrown away: every character is then equally likely. */
function randomBase62(characters: number): string {
  const fair = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < characters) {
    for (const byte of randomBytes(characters * 2)) {
      if (byte < fair && text.length < characters) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}
