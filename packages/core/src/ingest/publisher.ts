import type { IngestBus, NewEvent, PublishOutcome } from "@millrace/bus";
import { isMillraceError } from "@millrace/contract";

import { createRecentUse } from "./recent-use.ts";

export interface PublisherOptions {
  readonly publish: IngestBus["publish"];
  /** How long a request waits for others of its tenant. */
  readonly lingerMs: number;
  /** Publishes under way at most: of all tenants, and of one. */
  readonly publishesMax: number;
  readonly tenantPublishesMax: number;
  readonly nowMs?: (() => number) | undefined;
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
  /** How many of its events are on their way, or published. */
  sent: number;
  /** Of those that are published. */
  outcomes: readonly PublishOutcome[];
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
/** The same where it is to be small: then a part goes of a request that brings more. */
const smallEventsMax = 100;
/** So many events of about the last second are much. */
const muchEvents = 1_000;
/** Who rests does so for so many times as long as its last publish took. */
const restRatio = 2;

/**
 * Makes the way from requests to the bus. Tenants take turns, a publish each, and one may have only some of the places: so a flood fills its own line,
 * and a request of another tenant waits for one publish at most.
 *
 * Large publishes are good for the speed of a flood, and bad for everybody beside it: one of thousands of events takes the event loop for milliseconds to write, and the
 * database for tens of them. So a tenant that publishes far more than another one who is there has one small publish under way at a time, and while the other one waits for an
 * answer it rests between them, so that for two thirds of the time the database has nothing of it to do.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const { lingerMs, publishesMax, tenantPublishesMax, nowMs = () => performance.now() } = options;
  const use = createRecentUse<number>({ muchAmount: muchEvents, nowMs });
  const lines = new Map<number, Line>();
  const turns: Line[] = [];
  const resting = new Set<Line>();
  let publishes = 0;

  function takeTurn(line: Line): void {
    clearTimeout(line.timer);
    line.timer = undefined;
    resting.delete(line);
    if (line.inTurn || line.waiting.length === 0 || line.publishes >= placesOf(line)) return;
    const restMs = use.restMs(line.tenantNo);
    if (restMs > 0) {
      resting.add(line);
      line.timer = setTimeout(() => takeTurn(line), restMs);
      return;
    }
    line.inTurn = true;
    turns.push(line);
    depart();
  }

  function depart(): void {
    while (publishes < publishesMax) {
      const line = turns.shift();
      if (line === undefined) return;
      line.inTurn = false;
      void carry(line, makesRoom(line) ? boardSmall(line) : board(line, publishEventsMax));
      // What is left gets a turn behind all others.
      takeTurn(line);
    }
  }

  function makesRoom({ tenantNo }: Line): boolean {
    return use.makesRoom(tenantNo);
  }

  function placesOf(line: Line): number {
    return isInParts(line) || makesRoom(line) ? 1 : tenantPublishesMax;
  }

  async function carry(line: Line, boarded: Boarded): Promise<void> {
    publishes++;
    line.publishes++;
    const startMs = nowMs();
    try {
      await send(line, boarded);
    } finally {
      publishes--;
      line.publishes--;
      if (makesRoom(line)) use.rest(line.tenantNo, restRatio * (nowMs() - startMs));
      if (line.publishes === 0 && line.waiting.length === 0) lines.delete(line.tenantNo);
      else if (line.timer === undefined) takeTurn(line);
      depart();
    }
  }

  async function send(line: Line, { requests, events }: Boarded): Promise<void> {
    const { tenantNo } = line;
    const atomic = requests[0]?.atomic ?? false;
    const startMs = performance.now();
    const done = (ok: boolean) => options.published?.((performance.now() - startMs) / 1_000, events.length, ok);
    use.add(tenantNo, events.length);
    try {
      const outcomes = await options.publish(tenantNo, events, { atomic });
      done(true);
      let at = 0;
      for (const request of requests) {
        const own = outcomes.slice(at, (at += request.sent - request.outcomes.length));
        request.outcomes = request.outcomes.length === 0 ? own : [...request.outcomes, ...own];
        if (request.outcomes.length === request.events.length) request.resolve(request.outcomes);
      }
    } catch (error) {
      done(false);
      if (requests.length === 1 || isMillraceError(error, "UNAVAILABLE")) {
        for (const request of requests) {
          leave(line, request);
          request.reject(error);
        }
      } else {
        // One of them is at fault, and the others shall not pay for it.
        for (const request of requests)
          await send(line, { requests: [request], events: request.events.slice(request.outcomes.length) });
      }
    }
  }

  return {
    publish(tenantNo, events, atomic) {
      if (events.length === 0) return Promise.resolve([]);
      const answered = use.enter(tenantNo);
      const outcomes = new Promise<readonly PublishOutcome[]>((resolve, reject) => {
        let line = lines.get(tenantNo);
        if (line === undefined) {
          line = { tenantNo, waiting: [], events: 0, publishes: 0, inTurn: false, timer: undefined };
          lines.set(tenantNo, line);
        }
        const found = line;
        found.waiting.push({ events, atomic, sent: 0, outcomes: [], resolve, reject });
        found.events += events.length;
        if (found.inTurn) return;
        if (lingerMs === 0 || atomic || found.events >= publishEventsMax) takeTurn(found);
        else found.timer ??= setTimeout(() => takeTurn(found), lingerMs);
      });
      return outcomes.finally(() => {
        answered();
        const lookedAt = [...resting];
        for (const line of lookedAt) takeTurn(line);
      });
    },
  };
}

/** What goes in one publish. */
interface Boarded {
  readonly requests: readonly Request[];
  readonly events: readonly NewEvent[];
}

/** Takes the requests of the next publish out of a line. */
function board(line: Line, eventsMax: number): Boarded {
  let count = 0;
  let events = 0;
  for (const request of line.waiting) {
    if (count > 0 && (request.atomic || events + leftOf(request) > eventsMax)) break;
    count++;
    events += leftOf(request);
    if (request.atomic) break;
  }
  line.events -= events;
  const requests = line.waiting.splice(0, count);
  return { requests, events: requests.flatMap((request) => take(request)) };
}

/** Takes a small publish out of a line. A request that is too large for it stays the first one there, and its next part follows when this one is published: so its events keep their order. */
function boardSmall(line: Line): Boarded {
  const [first] = line.waiting;
  if (first === undefined || first.atomic || leftOf(first) <= smallEventsMax) return board(line, smallEventsMax);
  const events = take(first, smallEventsMax);
  line.events -= events.length;
  return { requests: [first], events };
}

function take(request: Request, count = leftOf(request)): readonly NewEvent[] {
  const events = request.events.slice(request.sent, request.sent + count);
  request.sent += events.length;
  return events;
}

/** Whether a part of a request is under way, and not its last one. */
function isInParts({ waiting: [first] }: Line): boolean {
  return first !== undefined && first.sent > first.outcomes.length;
}

/** Takes a request of which a part has failed out of the line. */
function leave(line: Line, request: Request): void {
  if (line.waiting[0] !== request) return;
  line.waiting.shift();
  line.events -= leftOf(request);
}

function leftOf({ events, sent }: Request): number {
  return events.length - sent;
}
