import type { JobEventJson } from "@millrace/contract";

import { MillraceApiError } from "./error.ts";
import type { CallOptions } from "./options.ts";
import { readServerEvents } from "./server-events.ts";
import { type OpenStream, pause, waitMs } from "./transport.ts";

export interface FollowOptions extends CallOptions {
  /** The id of the last event that is known already. */
  readonly lastEventId?: string | undefined;
}

/** A connection that held for so long was none of the failures in a row. */
const livedMs = 5_000;

/**
 * The events of a job up to its end, over as many connections as it takes: each goes on behind the last event of the one before.
 * Gives up after `retriesMax` failures in a row.
 * @yields each event once, in order
 * @throws MillraceApiError
 */
export async function* followJobEvents(
  open: OpenStream,
  path: string,
  retriesMax: number,
  { signal, lastEventId }: FollowOptions = {},
): AsyncGenerator<JobEventJson, void> {
  let last = lastEventId;
  for (let failures = 0; ; failures++) {
    let failure: MillraceApiError | undefined;
    let openedMs = Number.POSITIVE_INFINITY;
    const left = new AbortController();
    const either = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
    try {
      const response = await open(path, {
        headers: last === undefined ? {} : { "Last-Event-ID": last },
        signal: either,
      });
      if (response.status === 204) return;
      openedMs = Date.now();
      for await (const event of readServerEvents(response)) {
        failures = 0;
        last = event.id;
        yield asJobEvent(event);
        if (event.event === "end") return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof MillraceApiError) || !error.retryable) throw error;
      failure = error;
    } finally {
      left.abort();
    }
    if (Date.now() - openedMs > livedMs) failures = 0;
    // A stream that ended without an end: the process stops, or has held it for long enough.
    if (failures >= retriesMax) throw failure ?? brokenOff();
    await pause(waitMs(failure ?? brokenOff(), failures), signal);
  }
}

function brokenOff(): MillraceApiError {
  return new MillraceApiError("The stream of events keeps breaking off.", {
    code: "NO_ANSWER",
    status: 0,
    retryable: true,
  });
}

/** The API's own events, in the shape that its contract gives them. */
function asJobEvent({ id, event, data }: { id: string; event: string; data: unknown }): JobEventJson {
  return { id, event, data } as JobEventJson;
}
