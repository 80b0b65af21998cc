import type { IngestBus, NewEvent, PublishOutcome } from "@millrace/bus";
import { isMillraceError } from "@millrace/contract";

export interface PublisherOptions {
  readonly publish: IngestBus["publish"];
  /** How long a request waits for others of its tenant. */
  readonly lingerMs: number;
  /** Publishes under way at most: of all tenants, and of one. */
  readonly publishesMax: number;
  readonly tenantPublishesMax: number;
  /** Called with each publish that has come to an end. */
  readonly published?: ((seconds: number, events: number, ok: boolean) => void) | undefined;
}

/** Publishes what requests bring, those of one tenant together. */
export interface Publisher {
  /** One outcome an event, in order, once they are durable. An atomic request is published by itself. @throws UNAVAILABLE */
  publish(tenantNo: number, events: readonly NewEvent[], atomic: boolean): Promise<readonly PublishOutcome[]>;
}

interface Request {
  readonly events: readonly NewEvent[];
  readonly atomic: boolean;
  readonly resolve: (outcomes: readonly PublishOutcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A tenant's requests that wait, and its publishes that are under way. */
interface Line {
  readonly tenantNo: number;
  waiting: Request[];
  events: number;
  publishes: number;
  inTurn: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** A publish takes requests up to so many events; a request that brings more goes by itself. */
const publishEventsMax = 2_000;

/**
 * Makes the way from requests to the bus. Tenants take turns, a publish each, and one may have only some of the places: so a flood fills its own line,
 * and a request of another tenant waits for one publish at most.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const { lingerMs, publishesMax, tenantPublishesMax } = options;
  const lines = new Map<number, Line>();
  const turns: Line[] = [];
  let publishes = 0;

  function takeTurn(line: Line): void {
    clearTimeout(line.timer);
    line.timer = undefined;
    if (line.inTurn || line.waiting.length === 0 || line.publishes >= tenantPublishesMax) return;
    line.inTurn = true;
    turns.push(line);
    depart();
  }

  function depart(): void {
    while (publishes < publishesMax) {
      const line = turns.shift();
      if (line === undefined) return;
      line.inTurn = false;
      void carry(line, board(line));
      // What is left gets a turn behind all others.
      takeTurn(line);
    }
  }

  async function carry(line: Line, requests: readonly Request[]): Promise<void> {
    publishes++;
    line.publishes++;
    try {
      await send(line.tenantNo, requests);
    } finally {
      publishes--;
      line.publishes--;
      if (line.publishes === 0 && line.waiting.length === 0) lines.delete(line.tenantNo);
      else if (line.timer === undefined) takeTurn(line);
      depart();
    }
  }

  async function send(tenantNo: number, requests: readonly Request[]): Promise<void> {
    const events = requests.flatMap((request) => request.events);
    const atomic = requests[0]?.atomic ?? false;
    const startMs = performance.now();
    const done = (ok: boolean) => options.published?.((performance.now() - startMs) / 1_000, events.length, ok);
    try {
      const outcomes = await options.publish(tenantNo, events, { atomic });
      done(true);
      let at = 0;
      for (const request of requests) request.resolve(outcomes.slice(at, (at += request.events.length)));
    } catch (error) {
      done(false);
      if (requests.length === 1 || isMillraceError(error, "UNAVAILABLE")) {
        for (const { reject } of requests) reject(error);
      } else {
        // One of them is at fault, and the others shall not pay for it.
        for (const request of requests) await send(tenantNo, [request]);
      }
    }
  }

  return {
    publish(tenantNo, events, atomic) {
      if (events.length === 0) return Promise.resolve([]);
      return new Promise((resolve, reject) => {
        let line = lines.get(tenantNo);
        if (line === undefined) {
          line = { tenantNo, waiting: [], events: 0, publishes: 0, inTurn: false, timer: undefined };
          lines.set(tenantNo, line);
        }
        const found = line;
        found.waiting.push({ events, atomic, resolve, reject });
        found.events += events.length;
        if (found.inTurn) return;
        if (lingerMs === 0 || atomic || found.events >= publishEventsMax) takeTurn(found);
        else found.timer ??= setTimeout(() => takeTurn(found), lingerMs);
      });
    },
  };
}

/** Takes the requests of the next publish out of a line. */
function board(line: Line): readonly Request[] {
  let count = 0;
  let events = 0;
  for (const request of line.waiting) {
    if (count > 0 && (request.atomic || events + request.events.length > publishEventsMax)) break;
    count++;
    events += request.events.length;
    if (request.atomic) break;
  }
  line.events -= events;
  return line.waiting.splice(0, count);
}
