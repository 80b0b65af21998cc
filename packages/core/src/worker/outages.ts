import type { Logger } from "@millrace/telemetry";

/** What talks to the database or to the lake, for the log. */
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
  | "sample"
  | "events"
  | "lag"
  | "history"
  | "lake";

export interface Outages {
  failed(component: Component, error: unknown): void;
  recovered(component: Component): void;
  /** The components whose last call failed. */
  failing(): readonly Component[];
}

const repeatMs = 30_000;

/** That it fails, and that it does no more. Of what needs more than the database the error says what it was. */
const database = ["The database can't be reached", "The database is reached again"] as const;
const sentences: Partial<Record<Component, readonly [string, string]>> = {
  events: ["The log of events can't be kept in order", "The log of events is kept in order again"],
  history: ["Finished jobs can't be copied into the lake", "Finished jobs are copied into the lake again"],
  lag: ["How far the lake is behind can't be measured", "How far the lake is behind is measured again"],
  lake: ["The lake's upkeep can't be planned", "The lake's upkeep is planned again"],
};

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
      const [failing] = sentences[component] ?? database;
      logger.warn({ component, count: outage.count, err: error }, `${failing}; it is tried again`);
    },
    recovered(component) {
      const outage = open.get(component);
      if (outage === undefined) return;
      open.delete(component);
      const [, again] = sentences[component] ?? database;
      logger.info({ component, count: outage.count, outageMs: now() - outage.sinceMs }, again);
    },
    failing: () => [...open.keys()],
  };
}
