import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { diagnosticCodes } from '../../src/diagnostics/codes.ts';
import { codeOf } from './code-of.ts';

// A case of a code is a folder beside this file, or a test file that is named after it and speaks of it.

const here = import.meta.dirname;

it('has a case of every code', () => {
  const covered = new Set(readdirSync(here).filter(isCase).map(codeOf));
  const missing = Object.keys(diagnosticCodes).filter((code) => !covered.has(code));
  expect(missing, 'add test/errors/CODE-IN-KEBAB-CASE/ or …/CODE-IN-KEBAB-CASE.test.ts').toEqual([]);
});

function isCase(name: string): boolean {
  if (!name.includes('.')) return true;
  const code = codeOf(name);
  return code !== undefined && readFileSync(path.join(here, name), 'utf8').includes(code);
}
