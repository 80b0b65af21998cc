import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { generatedFiles } from "./generated-files.ts";
import { keys } from "./keys.ts";
import { referenceMarkdown } from "./reference.ts";

test.each(generatedFiles())("$url is what the schema says; else run the generate script", ({ url, content }) => {
  expect(readFileSync(url, "utf8")).toBe(content);
});

test("the reference has one row for each key, with its variables, and none for anything else", () => {
  const rows = referenceMarkdown()
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  expect(rows.map((row) => /^\| `([^`]+)` \| `([^`]+)`/.exec(row)?.slice(1))).toEqual(
    keys.map(({ name, env }) => [name, env]),
  );
});
