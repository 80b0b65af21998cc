import { MillraceError, type JsonObject } from "@millrace/contract";
import type { PayloadSchemaRef, PayloadSchemaStore, PayloadSchemaVersion } from "@millrace/storage";

/** Each round that is lost, somebody else has won: so many at once change no schema. */
const triesMax = 100;

/**
 * Stores what `decide` makes of the newest version as the version after that one, in spite of others who do the same; where it decides on nothing
 * (undefined), the newest stays. @throws UNAVAILABLE when others are always faster
 */
export async function storeNextVersion(
  store: PayloadSchemaStore,
  ref: PayloadSchemaRef,
  decide: (newest: PayloadSchemaVersion | undefined) => JsonObject | null | undefined,
): Promise<{ readonly stored: PayloadSchemaVersion | undefined; readonly newest: PayloadSchemaVersion | undefined }> {
  for (let tries = 0; tries < triesMax; tries++) {
    const newest = await store.findPayloadSchema(ref);
    const schema = decide(newest);
    if (schema === undefined) return { stored: undefined, newest };
    const stored = await store.addPayloadSchema(ref, (newest?.version ?? 0) + 1, schema);
    if (stored !== undefined) return { stored, newest };
  }
  throw new MillraceError("UNAVAILABLE", "The schema keeps changing; try again.", { retryAfterMs: 100 });
}
