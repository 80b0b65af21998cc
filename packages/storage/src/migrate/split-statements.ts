/** What the splitter steps over in one go: comments, quoted text, quoted names, dollar-quoted bodies, words, anything else. */
const token =
  /--[^\n]*|\/\*|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|[A-Za-z_][\w$]*|[\s\S]/gy;

/**
 * The SQL statements of a script, without comments around them, in order. Semicolons inside strings, names, comments,
 * dollar-quoted bodies and `begin atomic … end` bodies end nothing.
 */
export function splitStatements(script: string): readonly string[] {
  const statements: string[] = [];
  let current = "";
  let words: string[] = [];
  let depth = 0;
  token.lastIndex = 0;
  for (let match = token.exec(script); match !== null; match = token.exec(script)) {
    const text = match[0];
    if (text.startsWith("--")) continue;
    if (text === "/*") {
      token.lastIndex = endOfComment(script, token.lastIndex);
      current += " ";
      continue;
    }
    if (text === ";" && depth === 0) {
      statements.push(current.trim());
      current = "";
      words = [];
      continue;
    }
    if (/^[A-Za-z_]/.test(text) && !text.endsWith("'")) {
      const word = text.toLowerCase();
      words.push(word);
      depth = bodyDepth(depth, word, words);
    }
    current += text;
  }
  statements.push(current.trim());
  return statements.filter((statement) => statement !== "");
}

/** Block comments nest in PostgreSQL. */
function endOfComment(script: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 1;
  for (let match = edge.exec(script); match !== null; match = edge.exec(script)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return script.length;
}

/** How many `begin atomic` and `case` blocks of an SQL-standard function body are open after this word. */
function bodyDepth(depth: number, word: string, words: readonly string[]): number {
  if (words[0] !== "create" || !words.slice(0, 4).some((first) => first === "function" || first === "procedure"))
    return 0;
  if (word === "atomic" && words.at(-2) === "begin") return depth + 1;
  if (word === "case" && depth > 0) return depth + 1;
  if (word === "end" && depth > 0) return depth - 1;
  return depth;
}
