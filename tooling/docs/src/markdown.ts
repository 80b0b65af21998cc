import MarkdownIt from "markdown-it";

/** Where the repository is read in a browser. */
export const repositoryUrl = "https://github.com/millrace/millrace";

/** The anchor that GitHub gives a heading, and so does the site: a link works in both. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}

export interface Sample {
  readonly language: string;
  /** What follows the language: `[name.ts]` names the file, so that a later sample of the page can import it. */
  readonly info: string;
  readonly line: number;
  readonly code: string;
}

export interface MarkdownPage {
  readonly links: readonly string[];
  readonly anchors: ReadonlySet<string>;
  readonly samples: readonly Sample[];
}

const parser = new MarkdownIt({ html: true });

/** What a Markdown text points to, what can be pointed to in it, and its code samples. */
export function readMarkdown(text: string): MarkdownPage {
  const links: string[] = [];
  const samples: Sample[] = [];
  const slugs = new Map<string, number>();
  const anchors = new Set<string>();
  const tokens = parser.parse(text, {});

  for (const [index, token] of tokens.entries()) {
    if (token.type === "heading_open") anchors.add(unique(slugOf(plainText(tokens[index + 1]?.children ?? [])), slugs));
    if (token.type === "fence") {
      const [language = "", ...info] = token.info.trim().split(" ");
      samples.push({ language, info: info.join(" "), line: (token.map?.[0] ?? 0) + 2, code: token.content });
    }
    for (const child of token.children ?? []) {
      const target = child.attrGet("href") ?? child.attrGet("src");
      if (target !== null) links.push(target);
    }
  }
  return { links, anchors, samples };
}

function plainText(tokens: readonly { readonly type: string; readonly content: string }[]): string {
  return tokens.map(({ type, content }) => (type === "text" || type === "code_inline" ? content : "")).join("");
}

/** The second heading of a name gets a number, as on GitHub. */
function unique(slug: string, seen: Map<string, number>): string {
  const count = seen.get(slug) ?? 0;
  seen.set(slug, count + 1);
  return count === 0 ? slug : `${slug}-${count}`;
}
