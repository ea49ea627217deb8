import { existsSync, mkdirSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { isGlob, parseGlob } from '../glob.ts';

/**
 * Makes the folders that a trial's `outputs` go into, so that it does not fail at its end for want of one.
 * A path that ends in `/` is itself a folder. Paths outside the project are the user's business.
 */
export function createOutputFolders(root: string, outputs: readonly string[]): void {
  for (const output of outputs) {
    // Of a pattern, as far as it is no pattern.
    const path = normalize(isGlob(output) ? parseGlob(output).prefix : output);
    if (isAbsolute(path) || path.startsWith('..')) continue;
    try {
      mkdirSync(join(root, path.endsWith('/') ? path : dirname(path)), { recursive: true });
    } catch {
      // The trial will say it better, if it minds.
    }
  }
}

/** What is told at a trial's end of outputs that it has not made, in the words of a pod; empty where all are there. */
export function describeMissingOutputs(root: string, outputs: readonly string[]): string {
  return outputs
    .filter((output) => !isGlob(output) && !existsSync(resolve(root, output)))
    .map((output) => `kube-toolbox: outputs: ${output} is not there\n`)
    .join('');
}

/** A field that is one text or a list of them, as a list. */
export function asList(value: string | readonly string[] | null | undefined): readonly string[] {
  if (value === null || value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
