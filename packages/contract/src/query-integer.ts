import { z } from "zod";

/** A whole number as a query parameter: decimal digits and nothing else, so that what is read is what was written. A number passes too. */
export function queryInteger(min: number, max: number) {
  return z.preprocess(
    (value: number | string) => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value),
    z.int().min(min).max(max),
  );
}
