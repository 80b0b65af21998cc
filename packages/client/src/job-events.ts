import type { JobEventJson } from "@millrace/contract";

import { MillraceApiError } from "./error.ts";
import type { CallOptions } from "./options.ts";
import { readServerEvents } from "./server-events.ts";
import { type OpenStream, pause, waitMs } from "./transport.ts";

export interface FollowOptions extends CallOptions {
  /** The id of the last event that is known already. */
  readonly lastEventId?: string | undefined;
}

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
    const left = new AbortController();
    const either = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
    try {
      const response = await open(path, {
        headers: last === undefined ? {} : { "Last-Event-ID": last },
        signal: either,
      });
      if (response.status === 204) return;
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
    // A stream that ended without an end: the process stops, and another takes over.
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
