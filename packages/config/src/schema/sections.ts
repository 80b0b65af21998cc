import type { z } from "zod";

import { auth } from "./auth.ts";
import { database } from "./database.ts";
import { ingest } from "./ingest.ts";
import { lake } from "./lake.ts";
import { logging } from "./logging.ts";
import { query } from "./query.ts";
import { server } from "./server.ts";
import { telemetry } from "./telemetry.ts";
import { worker } from "./worker.ts";

/** Every section there is. A new one is a file beside this one and a line here; everything else follows from it. */
export const sections = { server, database, worker, ingest, lake, query, logging, telemetry, auth } as const;

export type SectionName = keyof typeof sections;

export const sectionNames = Object.keys(sections) as readonly SectionName[];

type DeepReadonly<Value> = Value extends object ? { readonly [Name in keyof Value]: DeepReadonly<Value[Name]> } : Value;

/** The typed values of all sections; an app has those that it asked for. */
export type Config = {
  readonly [Name in SectionName]: DeepReadonly<z.output<(typeof sections)[Name]["schema"]>>;
};
