import type { Context } from '../../context.ts';

/**
 * A reader that has had enough (`make upload file=data/ | head`) wants no more lines, and the files all the same: without
 * this the process would end at once, with the work half done.
 */
export function outliveReader({ stdout, stderr }: Context): void {
  // Of a full disk, the process edge tells.
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
}
