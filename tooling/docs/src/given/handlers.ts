import { z } from "zod";

import { type Ctx, defineJob } from "@millrace/core";

export declare const ctx: Ctx;
export declare const databaseUrl: string;
export const importFile = defineJob({
  type: "file.import",
  input: z.object({ url: z.url(), rows: z.int().positive() }),
  handler: () => ({}),
});
