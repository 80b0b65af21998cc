import { tmpdir } from "node:os";

import { loadConfig } from "@millrace/config";
import { compose, type Composition } from "@millrace/core";
import { patientEnv } from "@millrace/storage/testing";
import { createMetrics, silentLogger } from "@millrace/telemetry";

/** What a test enqueues with and looks at jobs and events with, on a database. */
export function composeOn(url: string): Promise<Composition> {
  const { config } = loadConfig({
    sections: ["database", "ingest"],
    env: { DATABASE_URL: url, MILLRACE_PROFILE: "test", ...patientEnv },
    cwd: tmpdir(),
  });
  const metrics = createMetrics({ service: "test", version: "0", defaultMetrics: false });
  return compose(config, { logger: silentLogger, metrics });
}
