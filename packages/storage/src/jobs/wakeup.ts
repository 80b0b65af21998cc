/**
 * The channel on which enqueuing processes say that a queue has work. A payload is a JSON list of [tenant, queue], or of [tenant, queue, "held"] for
 * jobs that admission has to let in first; empty means "look everywhere".
 */
export const wakeupChannel = "millrace_jobs";

/** A queue of a tenant; `held`: with jobs that wait for their concurrency keys. */
export type Lane = readonly [tenantId: string, queue: string, where?: "held"];

/** PostgreSQL refuses a payload of 8,000 bytes. */
const payloadBytesMax = 7_000;

export interface Wakeups {
  /** The payload to send with an insert, or null: then `trail` has to be called once it is committed. */
  lead(lanes: Iterable<Lane>): string | null;
  /** These lanes have committed jobs that no insert has announced: the end of the interval does. */
  trail(lanes: Iterable<Lane>): void;
  /** Sends nothing more. */
  close(): void;
}

/**
 * At most one NOTIFY each `intervalMs` of this process: the first rides on the insert that causes it, later ones are gathered and sent at the end
 * of the interval. NOTIFY takes a database-wide lock at commit, so one per insert would cost more than half of the enqueue rate.
 */
export function createWakeups(send: (payload: string) => Promise<unknown>, intervalMs = 5): Wakeups {
  let gathered = new Map<string, Lane>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const flush = () => {
    timer = undefined;
    if (gathered.size === 0) return;
    const lanes = gathered;
    gathered = new Map();
    timer = setTimeout(flush, intervalMs);
    // A lost wake-up only costs the time until the next poll.
    send(encodeWakeup(lanes.values())).catch(() => undefined);
  };

  return {
    lead(lanes) {
      if (closed) return null;
      if (timer === undefined) {
        timer = setTimeout(flush, intervalMs);
        return encodeWakeup(lanes);
      }
      return null;
    },
    trail(lanes) {
      if (closed) return;
      for (const lane of lanes) gathered.set(lane.join("/"), lane);
      timer ??= setTimeout(flush, 0);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      gathered.clear();
    },
  };
}

/** The payload that names the lanes; empty, for "look everywhere", when they are too many for one notification. */
export function encodeWakeup(lanes: Iterable<Lane>): string {
  const payload = JSON.stringify([...lanes]);
  return Buffer.byteLength(payload) > payloadBytesMax ? "" : payload;
}

/** True when whoever gets this wake-up should run `admitHeld`: the writer of the jobs can't, since its transaction belongs to somebody else. */
export function wantsAdmission(payload: string): boolean {
  return payload === "" || decodeWakeup(payload)?.some(([, , where]) => where === "held") === true;
}

/** The lanes of a payload; undefined means any. */
export function decodeWakeup(payload: string): readonly Lane[] | undefined {
  if (payload === "") return undefined;
  try {
    const lanes: unknown = JSON.parse(payload);
    return Array.isArray(lanes) ? (lanes as Lane[]) : undefined;
  } catch {
    return undefined;
  }
}
