import { z } from "zod";

import { type ErrorCode, type MillraceError, errorCatalogue } from "./errors.ts";

const problemTypeBase = "https://millrace.dev/problems/";

export const fieldErrorSchema = z
  .object({ path: z.string(), code: z.string(), message: z.string() })
  .meta({ id: "FieldError" });

/** An RFC 9457 problem document as Millrace sends it; further members may be present. */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    code: z.string(),
    retryable: z.boolean(),
    traceId: z.string().optional(),
    errors: z.array(fieldErrorSchema).optional(),
  })
  .meta({ id: "Problem" });

export type Problem = z.infer<typeof problemSchema>;

/** The URL that names a code in problem documents. */
export function problemType(code: ErrorCode): string {
  return problemTypeBase + code.toLowerCase().replaceAll("_", "-");
}

/** The public face of an error: code, title, status and the public sentence; never its cause. */
export function toProblem(error: MillraceError, at: { instance?: string; traceId?: string } = {}): Problem {
  const definition = errorCatalogue[error.code];
  // The standard members come first, and no extension can stand in for one of them.
  const extensions = Object.entries(error.extensions).filter(([name]) => !Object.hasOwn(problemSchema.shape, name));
  return {
    type: problemType(error.code),
    title: definition.title,
    status: definition.status,
    detail: error.message,
    ...(at.instance === undefined ? {} : { instance: at.instance }),
    code: error.code,
    retryable: definition.retryable,
    ...(at.traceId === undefined ? {} : { traceId: at.traceId }),
    ...(error.errors.length === 0 ? {} : { errors: [...error.errors] }),
    ...Object.fromEntries(extensions),
  };
}
