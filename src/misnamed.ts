import { isUtf8 } from 'node:buffer';
import { readdirSync } from 'node:fs';

/**
 * The name of a file as it is in its folder, where that is not UTF-8 and so reads `name` with a `�` here; as bash takes it
 * within `$'…'`. `undefined` of all others.
 */
export function misnamed(folder: string, name: string): string | undefined {
  if (!name.includes('\ufffd')) return undefined;
  try {
    const entries = readdirSync(folder, { encoding: 'buffer' });
    const found = entries.find((entry) => !isUtf8(entry) && entry.toString('utf8') === name);
    return found === undefined ? undefined : escapeBytes(found);
  } catch {
    // Without its folder it has no other name.
    return undefined;
  }
}

/** Text with what is not UTF-8, and what no terminal shows, as `\xe9`. */
export function escapeBytes(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((each) => isUtf8(bytes.subarray(at, at + each)));
    text +=
      length === undefined || isControl(bytes[at])
        ? `\\x${bytes.subarray(at, at + 1).toString('hex')}`
        : bytes
            .subarray(at, at + length)
            .toString('utf8')
            .replace(/[\\']/, '\\$&');
    at += length ?? 1;
  }
  return text;
}

function isControl(byte = 0): boolean {
  return byte < 0x20 || byte === 0x7f;
}

/** What to type, of a name that {@link misnamed} gave, with the folder it is in. */
export function hintToRename(escaped: string): string {
  return `rename it: mv $'${escaped}' NEW`;
}
