import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

import { expect, test } from "vitest";

import { root } from "./workspace.ts";

const folder = resolve(root, "docs/adr");
const pages = readdirSync(folder).filter((name) => name.endsWith(".md"));

/** The first heading of a page, without its mark. */
function titleOf(page: string): string {
  return readFileSync(resolve(folder, page), "utf8").split("\n", 1)[0]?.replace(/^# /, "") ?? "";
}

test("the index of decisions lists every page under its title, in order", () => {
  const index = readFileSync(resolve(folder, "0001-record-decisions.md"), "utf8");
  const listed = index.split("\n").filter((line) => line.startsWith("- ["));
  expect(listed).toEqual(pages.toSorted().map((page) => `- [${titleOf(page)}](${page})`));
});

test("decisions are numbered without a gap, and titled by their number", () => {
  for (const [index, page] of pages.toSorted().entries()) {
    expect(page).toMatch(new RegExp(`^${String(index + 1).padStart(4, "0")}-[a-z0-9-]+\\.md$`));
    expect(titleOf(page)).toMatch(new RegExp(`^${index + 1}\\. `));
  }
});
