import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { diagnosticCodes } from '../../src/diagnostics/codes.ts';
import { codeOf } from './code-of.ts';

// A case of a code is a folder beside this file that is named after it (see cases.test.ts), or a test beside
// this file that has the code at the start of a title, or of an entry of its table.

const here = import.meta.dirname;
const entries = readdirSync(here, { withFileTypes: true });

it('has a case of every code', () => {
  const folders = new Set(entries.filter((each) => each.isDirectory()).map((each) => codeOf(each.name)));
  const tests = entries
    .filter((each) => each.name.endsWith('.test.ts') && each.name !== path.basename(import.meta.filename))
    .map((each) => readFileSync(path.join(here, each.name), 'utf8'));
  const hasTest = (code: string) => tests.some((text) => new RegExp(`(?:['"\`]|^ +)(?:[A-Z\\d_]+, )*${code}\\b`, 'm').test(text));
  const missing = Object.keys(diagnosticCodes).filter((code) => !folders.has(code) && !hasTest(code));
  expect(missing, 'add test/errors/CODE-IN-KEBAB-CASE/, or a test titled "CODE: …" in test/errors/').toEqual([]);
});
