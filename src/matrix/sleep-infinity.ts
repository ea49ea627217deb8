import type { BoundTemplate } from './placeholders.ts';

const infinity = String.raw`["']?\+?inf(?:inity)?["']?(?![\w.])`;
const duration = String.raw`["']?[\d.]+[smhd]?["']?`;
const gap = String.raw`(?:\s|\\\n)+`;
const pattern = new RegExp(String.raw`(?<![\w-])sleep(?:${gap}${duration})*${gap}${infinity}`, 'i');
const opening = new RegExp(String.raw`(?<![\w-])sleep(?:${gap}${duration})*${gap}["']?$`, 'i');

/** Where a text sleeps for ever, in any spelling that `sleep` takes. */
export function findSleepInfinity(
  text: string,
): { readonly start: number; readonly end: number } | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : { start: match.index, end: match.index + match[0].length };
}

/** Whether a placeholder's value makes the command sleep for ever: `sleep <how_long>` with `infinity`. */
export function sleepsByPlaceholder({ parts }: BoundTemplate): boolean {
  return parts.some((part, index) => {
    const before = parts[index - 1];
    if (typeof part === 'string' || typeof before !== 'string' || !opening.test(before)) return false;
    return part.texts.some((text) => /^["']?\+?inf(?:inity)?["']?$/i.test(text));
  });
}
