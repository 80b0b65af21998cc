import { z } from "zod";

/** A UUIDv7 in its text form; new ones sort by the time they were made. */
export const uuidSchema = z.uuid();

const named = (what: string) =>
  z
    .string()
    .min(1)
    .max(128)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, `${what}: letters, digits and . _ : / -, starting with a letter or digit`);

export const tenantIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z0-9][a-z0-9_-]*$/, "tenant: lower-case letters, digits, _ and -");
export const queueNameSchema = named("queue");
export const jobTypeSchema = named("type");
