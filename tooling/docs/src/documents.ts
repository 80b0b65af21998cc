import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { type MarkdownPage, readMarkdown } from "./markdown.ts";

/** The root of the repository. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface Document extends MarkdownPage {
  /** Path below the root. */
  readonly path: string;
}

/** Every Markdown text that people read: the root's, `docs/`, and what stands with the packages, programs and examples. */
export function readDocuments(): readonly Document[] {
  const own = ["docs", "packages", "apps", "examples", "deploy", ".changeset"].flatMap((folder) =>
    listMarkdown(join(root, folder)),
  );
  const top = readdirSync(root).filter((name) => name.endsWith(".md"));
  return [...top.map((name) => join(root, name)), ...own].map((path) => ({
    path: relative(root, path),
    ...readMarkdown(readFileSync(path, "utf8")),
  }));
}

function listMarkdown(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) {
      return ["node_modules", "dist"].includes(entry.name) ? [] : listMarkdown(join(folder, entry.name));
    }
    return entry.name.endsWith(".md") ? [join(folder, entry.name)] : [];
  });
}
