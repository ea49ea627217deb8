/** Keys of which nothing else need be asked, as most are. */
const plain = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*\/?$/;

/**
 * Why a key cannot be a file below a folder, or `undefined` where it can. Keys are written by others: one that would
 * leave the folder, mean another thing on another system, or is no text that a file can be called by, is refused.
 */
export function whyUnsafe(key: string): string | undefined {
  if (key.length <= 255 && plain.test(key)) return undefined;
  if (key === '') return 'it is empty';
  if (Buffer.byteLength(key) > 1024) return 'it is longer than 1,024 bytes';
  if (!key.isWellFormed()) return 'it is not valid Unicode';
  if (key.includes('\0')) return 'it holds a NUL character';
  if (key.includes('\\')) return 'it holds a backslash';
  if (key.startsWith('/')) return 'it is an absolute path';
  if (/^[A-Za-z]:/.test(key)) return 'it begins like a drive letter';
  const parts = key.split('/');
  if (parts.at(-1) === '') parts.pop();
  for (const part of parts) {
    if (part === '') return 'it has an empty part';
    if (part === '..' || part === '.') return `it has a part "${part}"`;
    if (Buffer.byteLength(part) > 255) return 'it has a part longer than 255 bytes';
  }
  return undefined;
}

/** A key as it can be shown: quoted where it would move the cursor or break the line. */
export function printable(text: string): string {
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(text)
    ? JSON.stringify(text).replaceAll(
        /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    : text;
}
