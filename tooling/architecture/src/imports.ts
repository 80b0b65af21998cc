/** What a module names in `import`, `export … from` and `import()`, in order. Needs formatted source: statements start a line. */
export function listImports(text: string): readonly string[] {
  const statement = /^(?:import|export)\b(?:[^"'`;]*?\bfrom)?\s*["']([^"']+)["']/gm;
  const call = /^(?!\s*(?:\/\/|\/?\*))[^"'`\n]*\bimport\(\s*["']([^"']+)["']/gm;
  return [...text.matchAll(statement), ...text.matchAll(call)]
    .toSorted((a, b) => a.index - b.index)
    .map((match) => match[1] ?? "");
}

/** The package of a specifier: `@scope/name/sub` gives `@scope/name`; undefined for a relative path and for Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
