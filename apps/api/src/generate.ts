import { writeFileSync } from "node:fs";

import { generatedFiles } from "./reference/generated-files.ts";

for (const file of generatedFiles()) writeFileSync(file.url, file.content);
