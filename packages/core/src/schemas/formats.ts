import { z } from "zod";

/**
 * The formats that are checked, as zod checks them: so that what a definition accepts, the schema that is published from it accepts too. Each takes time in
 * proportion to the text.
 */
const schemas = {
  "date-time": z.iso.datetime({ offset: true }),
  date: z.iso.date(),
  duration: z.iso.duration(),
  email: z.email(),
  hostname: z.hostname(),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  uri: z.url(),
  uuid: z.guid(),
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** Every format that a schema may name, with its check. */
export const formats: ReadonlyMap<string, (text: string) => boolean> = new Map(
  Object.entries(schemas).map(([name, schema]) => [name, (text: string) => schema.safeParse(text).success]),
);
