import { relative } from 'node:path';

/**
 * Why what is behind a path goes into no pod: it is in the toolbox's own folder, as is the key with which names of
 * Secrets are made. Both paths are real ones, so that no link leads there unseen.
 */
export function whyStaysHere(realRoot: string, real: string): string | undefined {
  return relative(realRoot, real).split('/')[0] === '.toolbox'
    ? "is the toolbox's own and stays on this machine"
    : undefined;
}
