/** The name that somebody may have meant: the same but for its case and underscores. */
export function similarName(name: string, known: Iterable<string>): string | undefined {
  const wanted = plain(name);
  for (const candidate of known) if (plain(candidate) === wanted) return candidate;
  return undefined;
}

function plain(name: string): string {
  return name.replaceAll(/[_-]/g, "").toLowerCase();
}
