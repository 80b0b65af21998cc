import type { Executor, Statement } from "../executor.ts";
import type { LoggedEvent } from "./event.ts";

export interface RangeBounds {
  readonly tenantNo: number;
  /** Exclusive. */
  readonly from: number;
  /** Inclusive; was the head at some time before. */
  readonly head: number;
  /** Events and bytes of payloads at most; one event is given out whatever its size. */
  readonly limit: number;
  readonly bytesMax: number;
}

/** The events of (from, to], complete. */
export interface ReadRange {
  readonly to: number;
  readonly events: readonly LoggedEvent[];
  readonly bytes: number;
}

/** Its snapshot is younger than the head that bounds it, and heads are committed together with all events below: none can be missing. */
export const readRangeStatement: Statement = {
  name: "events.readRange",
  text: `
select r.event_offset as "offset", r.table_id as "tableId", r.version, r.op, r.key, r.payload, r.event_time as "eventTime", r.ingested_at as "ingestedAt",
  r.running::bigint as running, r.available::integer as available
from (
  select e.*, sum(octet_length(e.payload)) over (order by e.event_offset) as running, row_number() over (order by e.event_offset) as place,
    count(*) over () as available
  from (
    select * from millrace.events l where l.tenant_no = $1::bigint and l.event_offset > $2::bigint and l.event_offset <= $3::bigint
    order by l.event_offset limit $4::integer
  ) e
) r
where r.running <= $5::bigint or r.place = 1
order by r.event_offset`,
};

type Row = Omit<LoggedEvent, "eventTime"> & {
  readonly eventTime: Date | null;
  readonly running: number;
  readonly available: number;
};

/** Reads what lies between a watermark and a head, as much of it as is asked for. */
export async function readRange(
  db: Executor,
  { tenantNo, from, head, limit, bytesMax }: RangeBounds,
): Promise<ReadRange> {
  const rows = await db.query<Row>(readRangeStatement, [tenantNo, from, head, limit, bytesMax]);
  const last = rows.at(-1);
  // Where nothing was left out the range goes on to its head: offsets that nobody was given, after a restore, are passed in one step.
  const isCut = last !== undefined && (rows.length < last.available || last.available === limit);
  return { to: isCut ? last.offset : head, events: rows.map(eventOf), bytes: last?.running ?? 0 };
}

function eventOf({ running: _, available: __, eventTime, ...event }: Row): LoggedEvent {
  return { ...event, eventTime: eventTime ?? undefined };
}
