import type {
  Acknowledged,
  Beaten,
  Cancelled,
  Claimed,
  Ended,
  HistoryEvent,
  Observed,
  Settled,
  Started,
} from "./event.ts";

/** The events of one job, each kind in the order of its times. */
export interface JobHistory {
  readonly jobId: string;
  readonly acknowledged: readonly Acknowledged[];
  readonly claimed: readonly Claimed[];
  readonly beaten: readonly Beaten[];
  readonly settled: readonly Settled[];
  readonly started: readonly Started[];
  readonly ended: readonly Ended[];
  readonly cancelled: readonly Cancelled[];
  readonly observed: readonly Observed[];
}

/** Sorts events out by job. The order in which they were written doesn't matter. */
export function byJob(events: readonly HistoryEvent[]): readonly JobHistory[] {
  return [...Map.groupBy(events, ({ jobId }) => jobId)].map(([jobId, own]) => {
    const of = <Kind extends HistoryEvent["kind"]>(kind: Kind) =>
      own.filter((event): event is Extract<HistoryEvent, { readonly kind: Kind }> => event.kind === kind);
    return {
      jobId,
      acknowledged: of("acknowledged"),
      claimed: of("claimed").toSorted((a, b) => a.atMs - b.atMs),
      beaten: of("beaten").toSorted((a, b) => a.fromMs - b.fromMs),
      settled: of("settled").toSorted((a, b) => a.fromMs - b.fromMs),
      started: of("started").toSorted((a, b) => a.atMs - b.atMs),
      ended: of("ended").toSorted((a, b) => a.atMs - b.atMs),
      cancelled: of("cancelled").toSorted((a, b) => a.fromMs - b.fromMs),
      observed: of("observed"),
    };
  });
}

/** A time during which a job was certainly held under one claim. */
export interface Hold {
  readonly jobId: string;
  readonly fence: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * When each claim of a job was certainly in force: from the moment its owner knew of it until its owner began to end it, somebody
 * began to cancel it, or its lease was over, whatever came first. The true times are longer, so two holds that exclude one another and
 * overlap all the same prove a fault, never a slow answer.
 */
export function holdsOf(job: JobHistory): readonly Hold[] {
  const fences = new Set([...job.claimed, ...job.started].map(({ fence }) => fence));
  return [...fences].flatMap((fence) => {
    const of = <Event extends { readonly fence: number }>(events: readonly Event[]) =>
      events.filter((event) => event.fence === fence);
    const [claimed, started] = [of(job.claimed), of(job.started)];
    const leases = [
      ...claimed.map(({ fromMs, leaseMs }) => fromMs + leaseMs),
      ...started.map(({ leaseUntilMs }) => leaseUntilMs),
      ...of(job.beaten).flatMap(({ ok, fromMs: beatMs, leaseMs }) => (ok ? [beatMs + leaseMs] : [])),
    ];
    const fromMs = Math.min(...[...claimed, ...started].map(({ atMs }) => atMs));
    const untilMs = Math.min(
      Math.max(...leases),
      ...of(job.settled).map((settled) => settled.fromMs),
      ...of(job.ended).map(({ atMs }) => atMs),
      ...job.cancelled.map((cancelled) => cancelled.fromMs).filter((atMs) => atMs >= fromMs),
    );
    return untilMs > fromMs ? [{ jobId: job.jobId, fence, fromMs, untilMs }] : [];
  });
}
