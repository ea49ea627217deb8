import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const sources = path.join(import.meta.dirname, '../../src');

it('hints name the command that people type, which is make', () => {
  const files = (readdirSync(sources, { recursive: true }) as string[]).filter((name) => name.endsWith('.ts'));
  const wrong = files.filter((name) => {
    // Who has typed `ktb` and a word that is none is told of `ktb --help`.
    const text = readFileSync(path.join(sources, name), 'utf8').replaceAll('ktb --help', '');
    return /(?:hint: |return ).*['"`(]ktb [a-z]/.test(text);
  });
  expect(wrong).toEqual([]);
});
