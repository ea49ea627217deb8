import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManifestWriter } from '../../src/cli/render/manifest-writer.ts';
import { ManifestText } from '../../src/render/manifest-text.ts';

// So many are written by the thread, in several batches.
const count = 3000;
const shapes = [['name: ', '\nvalue: ', '\n'], ['other: ', '\n'], ['nothing of its own\n']] as const;

const { signal } = new AbortController();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'manifest-writer-'));
});

afterEach(() => rm(folder, { recursive: true }));

const fileOf = (index: number) => path.join(folder, `${index}.yaml`);

/** Shapes take turns, and of their values now this and now that one stays as it was. */
function manifestOf(index: number): ManifestText {
  const pieces = shapes[index % shapes.length] ?? [];
  const values = pieces
    .slice(1)
    .map((_, place) => JSON.stringify(`${Math.floor(index / (7 + place * 4))} é\n`));
  return new ManifestText(pieces, values, true);
}

async function writeAll(writer: ManifestWriter): Promise<void> {
  for (let index = 0; index < count; index++)
    await writer.write(fileOf(index), `# ${index % 5}\n`, manifestOf(index));
}

it('writes every manifest as it is, whichever thread does it', async () => {
  const writer = new ManifestWriter(signal);
  await writeAll(writer);
  await writer.finish();
  expect(await readdir(folder)).toHaveLength(count);
  for (let index = 0; index < count; index++)
    expect(await readFile(fileOf(index), 'utf8')).toBe(`# ${index % 5}\n${manifestOf(index)}`);
});

it.each([3, 1000, count - 1])(
  'ends with what the file system says of file %i, with its code',
  async (bad) => {
    await mkdir(fileOf(bad));
    const writer = new ManifestWriter(signal);
    const written = writeAll(writer).then(() => writer.finish());
    await expect(written).rejects.toMatchObject({ code: 'EISDIR', path: fileOf(bad) });
    await writer.finish().catch(() => undefined);
    const there = await readdir(folder);
    await new Promise((settle) => setTimeout(settle, 50));
    // Nothing goes on behind the caller's back.
    expect(await readdir(folder)).toEqual(there);
  },
);

it('ends at once when it is told to, whatever still waits', async () => {
  const interruption = new AbortController();
  const writer = new ManifestWriter(interruption.signal);
  for (let index = 0; index < 700; index++) await writer.write(fileOf(index), '', manifestOf(index));
  interruption.abort(new Error('interrupted'));
  await expect(writer.finish()).rejects.toThrow('interrupted');
  await writer.abandon();
  const there = await readdir(folder);
  await new Promise((settle) => setTimeout(settle, 50));
  expect(await readdir(folder)).toEqual(there);
});

it('writes manifests that share nothing, and more shapes than it remembers', async () => {
  const texts = Array.from({ length: count }, (_, index) =>
    index % 2 === 0
      ? ManifestText.of(`text ${index}\n`)
      : new ManifestText([`shape ${index}: `, '\n'], [`"${index}"`], true),
  );
  const writer = new ManifestWriter(signal);
  for (const [index, text] of texts.entries()) await writer.write(fileOf(index), '', text);
  await writer.finish();
  for (const [index, text] of texts.entries()) expect(await readFile(fileOf(index), 'utf8')).toBe(`${text}`);
});
