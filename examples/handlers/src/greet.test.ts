import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

it("is the handler that the README shows", () => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const source = readFileSync(new URL("greet.ts", import.meta.url), "utf8");
  expect(readme).toContain(`\`\`\`ts\n${source}\`\`\``);
});
