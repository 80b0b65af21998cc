import { writeFileSync } from "node:fs";

import { metricsReference } from "./metrics/reference.ts";

writeFileSync(new URL("../../../docs/reference/metrics.md", import.meta.url), metricsReference());
