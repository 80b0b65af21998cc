import type { z } from "zod";

import { type FieldError, MillraceError, scheduleLimits } from "@millrace/contract";

import { fieldErrors } from "../parse.ts";
import { cronProblem, timeZoneProblem } from "./cron.ts";

/** Parses what has a `cron` and a `timeZone`, which only the calendar can check. @throws VALIDATION_FAILED with every problem at once */
export function parseSchedule<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  const errors = [...(result.success ? [] : fieldErrors(result.error)), ...calendarErrors(input)];
  if (result.success && errors.length === 0) return result.data;
  throw new MillraceError("VALIDATION_FAILED", "The input does not have the expected shape.", { errors });
}

function calendarErrors(input: unknown): readonly FieldError[] {
  const { cron, timeZone } = (input ?? {}) as { readonly cron?: unknown; readonly timeZone?: unknown };
  const found = [
    { path: "cron", problem: isText(cron) ? cronProblem(cron) : undefined },
    { path: "timeZone", problem: isText(timeZone) ? timeZoneProblem(timeZone) : undefined },
  ];
  return found.flatMap(({ path, problem }) => (problem === undefined ? [] : [{ path, ...problem }]));
}

/** What is no text, or too long or short, the schema has told already. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= scheduleLimits.cronCharactersMax;
}
