import type { Logger } from "@millrace/telemetry";

/** What talks to the database, for the log. */
export type Component =
  | "claim"
  | "heartbeat"
  | "settle"
  | "progress"
  | "logs"
  | "registry"
  | "promote"
  | "schedules"
  | "admit"
  | "rescue"
  | "partitions"
  | "retention"
  | "keys"
  | "counts"
  | "sample";

export interface Outages {
  failed(component: Component, error: unknown): void;
  recovered(component: Component): void;
  /** The components whose last call failed. */
  failing(): readonly Component[];
}

const repeatMs = 30_000;

/** Tells of failing calls once, then every half minute with a count, and of the end: an outage must not flood the log. */
export function createOutages(logger: Logger, now: () => number = () => performance.now()): Outages {
  const open = new Map<Component, { count: number; sinceMs: number; loggedMs: number }>();
  return {
    failed(component, error) {
      const at = now();
      const outage = open.get(component) ?? { count: 0, sinceMs: at, loggedMs: Number.NEGATIVE_INFINITY };
      open.set(component, outage);
      outage.count++;
      if (at - outage.loggedMs < repeatMs) return;
      outage.loggedMs = at;
      logger.warn({ component, count: outage.count, err: error }, "The database can't be reached; it is tried again");
    },
    recovered(component) {
      const outage = open.get(component);
      if (outage === undefined) return;
      open.delete(component);
      logger.info(
        { component, count: outage.count, outageMs: now() - outage.sinceMs },
        "The database is reached again",
      );
    },
    failing: () => [...open.keys()],
  };
}
