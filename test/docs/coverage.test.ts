import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { commands } from '../../src/cli/registry.ts';
import { diagnosticCodes } from '../../src/diagnostics/codes.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const docs = readdirSync(path.join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => readFileSync(path.join(repository, 'docs', file), 'utf8'))
  .join('\n');
const mentions = (word: string) => new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(docs);

it('the docs mention every command and alias', () => {
  const names = commands.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]);
  expect(names.filter((name) => !mentions(name))).toEqual([]);
});

it('the docs mention every flag of every command', async () => {
  const missing: string[] = [];
  for (const entry of commands) {
    for (const flag of Object.keys((await entry.load()).flags)) {
      if (!docs.includes(`${flag}=`)) missing.push(`${entry.name} ${flag}`);
    }
  }
  expect(missing).toEqual([]);
});

it('the docs mention every field of both config files', () => {
  const fields = ['launch', 'kube'].flatMap((name) => {
    const file = path.join(repository, `schemas/${name}.schema.json`);
    return Object.keys((JSON.parse(readFileSync(file, 'utf8')) as { properties: object }).properties);
  });
  expect([...new Set(fields)].filter((field) => !docs.includes(`\`${field}\``))).toEqual([]);
});

it('the docs mention every diagnostic code', () => {
  expect(Object.keys(diagnosticCodes).filter((code) => !mentions(code))).toEqual([]);
});
