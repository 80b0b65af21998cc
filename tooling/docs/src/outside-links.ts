import { posix } from "node:path";

import type { MarkdownRenderer } from "vitepress";

import { repositoryUrl } from "./markdown.ts";

/** A link from a page of `docs/` to a file that is not a page of the site leads to the repository. */
export function outsideLink(page: string, href: string): string {
  if (/^(?:[a-z]+:|\/|#)/i.test(href)) return href;
  const [path = "", anchor] = href.split("#", 2);
  const target = posix.normalize(posix.join("docs", posix.dirname(page), path));
  if (target.startsWith("docs/") && target.endsWith(".md")) return href;
  return `${repositoryUrl}/blob/main/${target}${anchor === undefined ? "" : `#${anchor}`}`;
}

/** Makes the site's Markdown use `outsideLink`. */
export function rewriteOutsideLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("outside-links", ({ tokens, env }) => {
    const { relativePath } = env as { readonly relativePath: string };
    for (const child of tokens.flatMap(({ children }) => children ?? [])) {
      const href = child.type === "link_open" ? child.attrGet("href") : null;
      if (href !== null) child.attrSet("href", outsideLink(relativePath, href));
    }
  });
}
