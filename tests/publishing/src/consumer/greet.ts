import { z } from "zod";

import { defineJob } from "@millrace/core";

export const greet = defineJob({
  type: "greet",
  input: z.object({ name: z.string() }),
  result: z.object({ greeting: z.string() }),
  handler: ({ payload }) => ({ greeting: `Hello, ${payload.name}!` }),
});
