import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findClashes, findFolding } from '../../src/stores/folding.ts';
import { move, startBucket } from './fake-bucket.ts';

const caseless = (name: string) => name.toLowerCase();
const normalizing = (name: string) => name.normalize('NFC');
const [composed, decomposed] = ['é'.normalize('NFC'), 'é'.normalize('NFD')];

it.each([
  ['case', caseless, ['A', 'B', 'a', 'b/c'], ['b/'], { B: 'b/', a: 'A' }],
  [
    'folders of two spellings',
    caseless,
    ['Data/x', 'data/X', 'data/y'],
    ['Data/', 'data/'],
    { 'data/X': 'Data/x' },
  ],
  ['accents', normalizing, [decomposed, composed, 'E'], [], { [composed]: decomposed }],
  ['nothing', (name: string) => name, ['A', 'a', composed, decomposed], [], {}],
  ['a file and a folder', caseless, ['a', 'a/b'], ['a/'], {}],
])('finds the keys that are one to a file system: %s', (_, fold, keys, folders, clashes) => {
  expect(Object.fromEntries(findClashes(keys, folders, fold))).toEqual(clashes);
});

it('asks the file system itself, and leaves nothing there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktb-fold-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const fold = findFolding(folder);
  expect(readdirSync(folder)).toEqual([]);
  // What it says is what this file system does with two such keys.
  if (process.platform === 'linux') expect(fold).toBeUndefined();
  expect(findFolding(join(folder, 'missing'))).toBeUndefined();
});

it('a download refuses by name what would overwrite another key', async () => {
  const bucket = await startBucket();
  for (const key of ['data/A', 'data/a', 'data/b']) bucket.server.bucket.put(key, key);
  const { summary, messages } = await move('download', bucket, 'data/', { findFolding: () => caseless });
  expect(summary).toMatchObject({ moved: 2, skipped: 1 });
  const asked = () => {
    throw new Error('nothing is written, so nothing is asked');
  };
  bucket.server.bucket.delete('data/a');
  const again = await move('download', bucket, 'data/', { findFolding: asked });
  expect(again.summary).toMatchObject({ same: 2 });
  expect(messages).toEqual(['skipped data/a: data/A is the same name to this file system']);
});
