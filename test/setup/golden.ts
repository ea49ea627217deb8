import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';

/**
 * Compares a text with the file that holds what it should be. To accept a change, run the tests once with
 * UPDATE_GOLDEN=1 and read the difference that `git diff` shows.
 */
export function expectGolden(actual: string, file: string): void {
  if (process.env['UPDATE_GOLDEN']) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, actual);
    return;
  }
  expect(actual, `${file} says otherwise; to accept this: UPDATE_GOLDEN=1 npm test`).toBe(read(file));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '(there is no such file yet)';
  }
}
