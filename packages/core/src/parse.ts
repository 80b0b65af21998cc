import type { z } from "zod";

import { type FieldError, MillraceError } from "@millrace/contract";

/** Parses with a schema of the contract. @throws VALIDATION_FAILED with every problem at once */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new MillraceError("VALIDATION_FAILED", "The input does not have the expected shape.", {
    errors: fieldErrors(result.error),
  });
}

/** Problems that one answer names. */
const errorsMax = 100;

/** The problems of a zod error as path, code and message, the first hundred of them. */
export function fieldErrors(error: z.ZodError): readonly FieldError[] {
  return error.issues
    .slice(0, errorsMax)
    .flatMap((issue): FieldError[] => {
      if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => ({
          path: [...issue.path, key].join("."),
          code: "unknown_field",
          message: "This field is not known.",
        }));
      }
      return [{ path: issue.path.join("."), code: issue.code, message: issue.message }];
    })
    .slice(0, errorsMax);
}
