/** A text as an SQL literal, for a session with `standard_conforming_strings` on. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
