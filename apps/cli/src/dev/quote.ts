/** Text as one word for sh, bash and zsh; in quotes where it needs them. */
export function quote(text: string): string {
  return /^[\w.:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
