/**
 * A value of the user's as it stands in a message: in double quotes, on one line, shortened past `limit`
 * characters. The printer takes care of control characters.
 */
export function quoted(text: string, limit = 60): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= limit ? `"${line}"` : `"${line.slice(0, limit - 1)}…"`;
}
