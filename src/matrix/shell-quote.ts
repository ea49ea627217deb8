/**
 * A word that a POSIX shell reads back as exactly `text`. Plain words stay as they are, for readable commands.
 * A NUL cannot be in a shell word; callers refuse it first.
 */
export function quoteForShell(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
