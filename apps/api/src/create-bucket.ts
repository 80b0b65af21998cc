import { stderr } from "node:process";

import { loadConfig } from "@millrace/config";
import { createBucket } from "@millrace/core";

import { explain } from "./explain.ts";

/** Makes the bucket of the lake, where there is none yet: `node dist/create-bucket.js`. Running it again does no harm. */
async function run(): Promise<number> {
  const { config } = loadConfig({ sections: ["lake"] });
  const { isNew } = await createBucket(config.lake);
  stderr.write(`The bucket ${config.lake.s3.bucket} is ${isNew ? "made" : "there"}.\n`);
  return 0;
}

process.exitCode = await run().catch(explain);
