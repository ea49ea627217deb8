import { relative } from 'node:path';
import { printable } from './safe-key.ts';

/** A path as it is told of: relative to the project where it lies below, else whole. */
export function shownPath(path: string, project: string): string {
  const short = relative(project, path);
  return printable(short === '' || short === '..' || short.startsWith('../') ? path : short);
}
