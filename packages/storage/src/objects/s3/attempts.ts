import { setTimeout as delay } from "node:timers/promises";

import type { S3Context } from "./s3-client.ts";
import { isTransient, retryAfterMs, s3Error } from "./s3-error.ts";

const pauseMaxMs = 5_000;

/** One try of a request. */
export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  /** Aborted when nothing has moved for too long, or the store is closed. */
  readonly signal: AbortSignal;
  /** Says that something has moved. */
  progress(): void;
}

/** Runs a request, again where that may help, within the limits of the store. @throws UNAVAILABLE, INTERNAL */
export async function withAttempts<Result>(
  context: S3Context,
  run: (attempt: Attempt) => Promise<Result>,
): Promise<Result> {
  for (let number = 1; ; number++) {
    try {
      return await watched(context, number, run);
    } catch (error) {
      const isLast = number >= context.attemptsMax || context.closing.signal.aborted;
      if (!isTransient(error) || isLast) throw s3Error(context.bucket, error);
      const { signal } = context.closing;
      await delay(pauseMs(context.retryDelayMs, number, error), undefined, { signal }).catch(() => undefined);
    }
  }
}

async function watched<Result>(
  { idleTimeoutMs, closing }: S3Context,
  number: number,
  run: (attempt: Attempt) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), idleTimeoutMs);
  try {
    const signal = AbortSignal.any([controller.signal, closing.signal]);
    return await run({ number, signal, progress: () => void timer.refresh() });
  } finally {
    clearTimeout(timer);
  }
}

/** Between half and all of a doubling pause, so that many don't come back at once; longer where the server asks for it. */
function pauseMs(retryDelayMs: number, number: number, error: unknown): number {
  const doubledMs = retryDelayMs * 2 ** (number - 1) * (0.5 + Math.random() / 2);
  return Math.min(Math.max(doubledMs, retryAfterMs(error) ?? 0), pauseMaxMs);
}
