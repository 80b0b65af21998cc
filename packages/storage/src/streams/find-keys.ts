import type { Executor, Statement } from "../executor.ts";
import type { EventKey, RecordedKey } from "./stream-store.ts";

/** One snapshot. What it doesn't find may be recorded a moment later; whoever records finds out. */
const findStatement: Statement = {
  name: "streams.findKeys",
  text: `
select f.place, f.payload_hash as "payloadHash", f.event_offset as "offset" from millrace.find_event_keys($1::integer[], $2::uuid[]) f`,
};

/** A recorded key and its place in the input, counted from one. */
export interface PlacedKey extends RecordedKey {
  readonly place: number;
}

/** What is recorded of each key, in order. */
export async function findKeys(db: Executor, keys: readonly EventKey[]): Promise<readonly (RecordedKey | undefined)[]> {
  if (keys.length === 0) return [];
  const rows = await db.query<PlacedKey>(findStatement, [
    keys.map(({ tableId }) => tableId),
    keys.map(({ keyHash }) => keyHash),
  ]);
  return inOrder(rows, keys.length);
}

/** Puts rows back into the places of the input. */
export function inOrder(rows: readonly PlacedKey[], count: number): readonly (RecordedKey | undefined)[] {
  const found = Array.from<RecordedKey | undefined>({ length: count });
  for (const { place, payloadHash, offset } of rows) found[place - 1] = { payloadHash, offset };
  return found;
}
