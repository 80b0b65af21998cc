import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { sqlState } from "../pg-error.ts";
import { openSegment } from "../streams/open-segment.ts";
import type { NewEvent, PublishOptions, PublishOutcome } from "./event.ts";
import { keyHash } from "./key-hash.ts";

/** One statement, a transaction of its own. Why it is right beside others of its kind and beside rotation is said at the function. */
const publishStatement: Statement = {
  name: "events.publish",
  text: `
select p.offsets, p.outcomes from millrace.publish_events(
  $1::bigint, $2::boolean, $3::integer[], $4::integer[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::timestamptz[]
) p`,
};

/**
 * Publishes a tenant's events; one outcome each, in order.
 * @throws NOT_FOUND for a tenant without a log; UNAVAILABLE, and what was sent may or may not be there
 */
export async function publishEvents(
  db: Executor,
  tenantNo: number,
  events: readonly NewEvent[],
  { atomic = false }: PublishOptions = {},
): Promise<readonly PublishOutcome[]> {
  if (events.length === 0) return [];
  const parameters = [
    tenantNo,
    atomic,
    events.map((event) => event.tableId),
    events.map((event) => event.version),
    events.map((event) => event.op),
    events.map((event) => keyHash(event.key)),
    events.map((event) => event.payloadHash),
    events.map((event) => event.key),
    events.map((event) => event.payload),
    events.map((event) => event.eventTime ?? null),
  ];
  const publish = () =>
    db.query<{ offsets: readonly (number | null)[]; outcomes: string }>(publishStatement, parameters);
  const [row] = await publish().catch(async (error: unknown) => {
    if (sqlState(error) === "23503") {
      throw new MillraceError("NOT_FOUND", `There is no log of the number ${tenantNo}.`, { cause: error });
    }
    // It went over a stream until now: from here on it goes on in PostgreSQL.
    if (sqlState(error) !== "MR001") throw error;
    await openSegment(db, tenantNo, undefined);
    return publish();
  });
  return events.map((_, place) => outcomeOf(row?.outcomes[place], row?.offsets[place] ?? 0));
}

function outcomeOf(letter: string | undefined, offset: number): PublishOutcome {
  switch (letter) {
    case "a":
      return { outcome: "accepted", offset };
    case "d":
      return { outcome: "duplicate", offset };
    case "r":
      return { outcome: "reused" };
    case "x":
      return { outcome: "refused" };
    default:
      throw new MillraceError("INTERNAL", "A publish was answered with an outcome that is not known.");
  }
}
