import { hash } from "node:crypto";

/** What an idempotency key is looked up by: 128 bits of its SHA-256, as a UUID. Two of 2^50 keys in a table would share one by chance less than once in 2^28 tables. */
export function keyHash(key: string): string {
  const hex = hash("sha256", key);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
