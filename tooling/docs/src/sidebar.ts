import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

interface Group {
  readonly text: string;
  readonly collapsed?: boolean;
  readonly items: readonly { readonly text: string; readonly link: string }[];
}

/** The folders of `docs/` in the order in which one reads them; a page that is in none of them stands before. */
const folders = [
  ["concepts", "Concepts"],
  ["operations", "Operations"],
  ["reference", "Reference"],
  ["benchmarks", "Benchmarks"],
  ["adr", "Decisions"],
] as const;

/** The navigation: every page of the tree under its own title, so that a new page needs no entry anywhere. */
export function readSidebar(docs: string): Group[] {
  return [
    { text: "Start", items: readItems(docs, "") },
    ...folders
      .filter(([folder]) => existsSync(join(docs, folder)))
      .map(([folder, text]) => ({ text, collapsed: folder === "adr", items: readItems(docs, folder) })),
  ];
}

function readItems(docs: string, folder: string): Group["items"] {
  return readdirSync(join(docs, folder))
    .filter((name) => name.endsWith(".md"))
    .toSorted(
      (one, other) => Number(other === "quickstart.md") - Number(one === "quickstart.md") || (one < other ? -1 : 1),
    )
    .map((name) => ({
      text: titleOf(join(docs, folder, name)),
      link: `/${[folder, name.slice(0, -3)].filter((part) => part !== "").join("/")}`,
    }));
}

function titleOf(path: string): string {
  return /^# (.+)$/m.exec(readFileSync(path, "utf8"))?.[1]?.replaceAll("`", "") ?? path;
}
