import { z } from "zod";

import { type EnqueueRequest, type Json, MillraceError, enqueueRequestSchema } from "@millrace/contract";
import type { CreatedJob, CreateOptions } from "@millrace/storage";

import type { Ctx } from "../context.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { fieldErrors, parse } from "../parse.ts";
import type { HandlerContext } from "./handler.ts";
import type { Snooze } from "./snooze.ts";

/** What an enqueue may say besides type and payload; over the definition's own. */
export type JobRequestOptions = Omit<EnqueueRequest, "type" | "payload">;

/** Whatever can enqueue a request: a handler's context, a client. */
export interface Enqueuer<Answer> {
  enqueue(request: EnqueueRequest, options?: CreateOptions): Promise<Answer>;
}

type DefaultOptions = Pick<JobRequestOptions, "queue" | "priority" | "maxAttempts" | "retry" | "timeoutMs" | "tags">;

/** What a handler may return. */
export type HandlerResult<Result extends z.ZodType> = z.input<Result> | Snooze | Promise<z.input<Result> | Snooze>;

export interface JobDefinitionOptions<
  Schema extends z.ZodType,
  Result extends z.ZodType = z.ZodType,
> extends DefaultOptions {
  readonly type: string;
  /** Validates the payload where a job is enqueued and again before the handler runs. It must not be asynchronous. */
  readonly input: Schema;
  /** Validates what the handler returns, as the JSON that is kept of it; a result that doesn't fit kills the job. It must not be asynchronous. */
  readonly result?: Result | undefined;
  /**
   * Does one attempt. What it returns becomes the job's result as JSON (nothing is null); `snooze(ms)` puts the job back.
   * It may throw NonRetryableError and RetryAfterError; anything else thrown is a failed attempt.
   */
  handler(context: HandlerContext<z.output<Schema>>): HandlerResult<Result>;
}

/** A job type: how its payload and its result look, how it is enqueued and what does it. */
export interface JobDefinition<Schema extends z.ZodType = z.ZodType, Result extends z.ZodType = z.ZodType> {
  readonly type: string;
  readonly input: Schema;
  readonly result: Result | undefined;
  readonly timeoutMs: number | undefined;
  handler(context: HandlerContext<z.output<Schema>>): unknown;
  /** The result of a completed job of this type, as the definition's schema makes it. @throws VALIDATION_FAILED when it has another shape */
  resultOf(job: { readonly result: Json }): z.output<Result>;
  /** The request for one job of this type. @throws VALIDATION_FAILED naming every problem of the input */
  request(input: z.input<Schema>, options?: JobRequestOptions): EnqueueRequest;
  /** Enqueues one job of this type; `tx` ties it to the caller's transaction. @throws VALIDATION_FAILED and what enqueuing throws */
  enqueue(to: Ctx, input: z.input<Schema>, options?: JobRequestOptions & CreateOptions): Promise<CreatedJob>;
  enqueue<Answer>(
    to: Enqueuer<Answer>,
    input: z.input<Schema>,
    options?: JobRequestOptions & CreateOptions,
  ): Promise<Answer>;
}

const marker = Symbol.for("millrace.job-definition");

/** Defines a job type once for both sides: those who enqueue it and the worker that runs it. @throws VALIDATION_FAILED */
export function defineJob<Schema extends z.ZodType, Result extends z.ZodType = z.ZodType>(
  options: JobDefinitionOptions<Schema, Result>,
): JobDefinition<Schema, Result> {
  const { type, input, result, handler, ...defaults } = options;
  parse(enqueueRequestSchema, { type, ...defaults });

  const request = (value: z.input<Schema>, given: JobRequestOptions = {}): EnqueueRequest => {
    const read = input.safeParse(value);
    if (!read.success) {
      throw new MillraceError("VALIDATION_FAILED", `The payload of ${type} does not have the expected shape.`, {
        errors: fieldErrors(read.error).map((error) => ({ ...error, path: below("payload", error.path) })),
      });
    }
    return { ...defaults, ...given, type, payload: asStored(value) };
  };

  const definition: JobDefinition<Schema, Result> = {
    type,
    input,
    timeoutMs: defaults.timeoutMs,
    result,
    handler,
    request,
    resultOf(job) {
      const read = (result ?? z.unknown()).safeParse(job.result);
      if (read.success) return read.data as z.output<Result>;
      throw new MillraceError("VALIDATION_FAILED", `The result of ${type} does not have the expected shape.`, {
        errors: fieldErrors(read.error).map((error) => ({ ...error, path: below("result", error.path) })),
      });
    },
    async enqueue(
      to: Ctx | Enqueuer<unknown>,
      value: z.input<Schema>,
      { tx, ...given }: JobRequestOptions & CreateOptions = {},
    ): Promise<never> {
      const asked = request(value, given);
      const answer = "enqueue" in to ? await to.enqueue(asked, { tx }) : await enqueue(to, asked, { tx });
      return answer as never;
    },
  };
  return Object.freeze(Object.assign(definition, { [marker]: true }));
}

/** True for what `defineJob` made, also in another copy of the package. */
export function isJobDefinition(value: unknown): value is JobDefinition {
  return typeof value === "object" && value !== null && marker in value;
}

/** The input as it was given, not as the schema made it: the worker's schema starts from the same again. Enqueuing checks that it is JSON. */
function asStored(input: unknown): Json {
  return input as Json;
}

function below(parent: string, path: string): string {
  return path === "" ? parent : `${parent}.${path}`;
}
