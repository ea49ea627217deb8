/** Longest DNS-1123 label. */
export const maxNameLength = 63;

/**
 * The nearest text a DNS-1123 label may contain: lower case, each run of anything but `a-z`, `0-9` and `-` as
 * one dash, and no such dash at either end. A text that is legal already comes back as it is.
 */
export function legalText(text: string): string {
  if (/^[a-z0-9-]*$/.test(text)) return text;
  return text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
