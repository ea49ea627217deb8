import { expect, it } from 'vitest';
import type { LocalFiles } from '../../src/stores/local-file.ts';
import { WatchedFolder } from '../../src/stores/watched-folder.ts';

/** A look that found these files, in these folders (name → device:inode). */
function look(keys: readonly string[], folders: Record<string, string>, hidden: readonly string[] = []) {
  const files = keys.map((key) => ({
    key,
    path: `/${key}`,
    size: 1,
    mtimeMs: 1,
    ctimeMs: 1,
    ino: 1,
    lookedAt: 2,
  }));
  const local: LocalFiles = {
    files,
    ignored: [],
    refused: [],
    unreadable: [],
    hidden,
    folders: new Map(Object.entries(folders)),
  };
  return local;
}

const root = { 'out/': '1:1' };
const files = ['out/a', 'out/sub/b'];

/** Which keys may be removed after these looks, all of them uploaded before. */
function goneAfter(sub: string, ...looks: readonly LocalFiles[]) {
  const folder = new WatchedFolder();
  folder.note(look(files, { ...root, 'out/sub/': sub }));
  for (const key of files) Object.assign(folder.get(key) ?? {}, { etag: 'x', done: true });
  for (const each of looks) folder.note(each);
  return folder.gone().map(({ file }) => file.key);
}

const without = look(['out/a'], root);

it.each([
  ['a folder that was removed', '1:5', [without, without], ['out/sub/b']],
  ['one look only', '1:5', [without], []],
  ['a mount that is gone with its folder', '2:5', [without, without, without], []],
  ['an empty mount point', '2:5', Array(3).fill(look(['out/a'], { ...root, 'out/sub/': '1:6' })), []],
  ['a folder that cannot be read', '1:5', Array(3).fill(look(['out/a'], root, ['out/sub/'])), []],
  [
    'a link to nothing that comes to lead to another folder',
    '2:5',
    [
      ...Array(3).fill(look(['out/a'], root, ['out/sub'])),
      ...Array(3).fill(look(['out/a'], { ...root, 'out/sub/': '2:9' })),
    ],
    [],
  ],
  ['a link to nothing elsewhere', '1:5', Array(2).fill(look(['out/a'], root, ['out/su'])), ['out/sub/b']],
  ['a watched folder that is another one', '1:5', Array(3).fill(look([], { 'out/': '1:9' })), []],
] as const)('takes for removed: %s', (_, sub, looks, gone) => {
  expect(goneAfter(sub, ...looks)).toEqual(gone);
});
