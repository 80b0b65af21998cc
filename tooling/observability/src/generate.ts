import { mkdirSync, writeFileSync } from "node:fs";

import { folder, outputs } from "./outputs.ts";

mkdirSync(new URL("dashboards/", folder), { recursive: true });
for (const [path, text] of outputs()) writeFileSync(new URL(path, folder), text);
