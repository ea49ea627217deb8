import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSources } from '../../src/config/load.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { configOf, problemsOf } from './read.ts';

const model = 'model: {a: {command: "true"}}\n';

/** Each line repeats the one before ten times. */
function bomb(lines: number, open: string, close: string): string {
  const line = (index: number) =>
    `x-a${index}: &a${index} ${open}${Array(10).fill(`*a${index - 1}`)}${close}\n`;
  return `x-a0: &a0 {k: 1}\n${Array.from({ length: lines }, (_, index) => line(index + 1)).join('')}`;
}

describe('hostile text gives one clear error', () => {
  it.each([
    ['aliases that unfold to 10^9 values', `${bomb(9, '[', ']')}${model}`, /^CONFIG_ALIAS 6:/],
    [
      'aliases of a long text',
      `x-a: &a ${'y'.repeat(1e6)}\nmodel: {${Array.from({ length: 5000 }, (_, i) => `m${i}: {command: *a}`)}}`,
      /^CONFIG_ALIAS 2:/,
    ],
    ['an alias inside its own anchor', 'model: &a {b: *a}', /^CONFIG_ALIAS 1:15 "\*a" stands inside/],
    ['20,000 lists in each other', '['.repeat(20_000), /^CONFIG_TOO_DEEP/],
    ['20,000 closed lists', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, /^CONFIG_TOO_DEEP/],
    ['20,000 mappings', '{a: '.repeat(20_000), /^CONFIG_TOO_DEEP/],
    ['20,000 block lists in a line', `${'- '.repeat(20_000)}a`, /^CONFIG_TOO_DEEP/],
    ['20,000 keys of keys', '? '.repeat(20_000), /^CONFIG_TOO_DEEP/],
    [
      '2,000 indented levels',
      Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
      /^CONFIG_TOO_DEEP/,
    ],
    ['200,000 quotes', '"'.repeat(200_001), /^CONFIG_SYNTAX 1:3/],
    ['100,000 brackets that close nothing', ']'.repeat(100_000), /^CONFIG_SYNTAX 1:1/],
    ['100,000 directives', '%X\n'.repeat(100_000), /^CONFIG_SYNTAX/],
    ['100,000 documents', '---\n'.repeat(100_000), /^CONFIG_DOCUMENTS 2:1/],
    ['a key of a megabyte', `${'k'.repeat(1e6)}: 1`, /^CONFIG_SYNTAX/],
    [
      'an unknown key of a megabyte',
      `${model.replace('"true"', '"true", '.concat('k'.repeat(1e6), ': 1'))}`,
      /^CONFIG_UNKNOWN_KEY.{1,120}$/,
    ],
    ['__proto__ as a model', 'model: {__proto__: {command: "true"}}', /^CONFIG_BAD_KEY 1:9/],
    ['constructor as a model', 'model: {constructor: {command: "true"}}', /^CONFIG_BAD_KEY 1:9/],
    ['__proto__ at the root', `__proto__: {polluted: 1}\n${model}`, /^CONFIG_BAD_KEY 1:1/],
    ['prototype as a variable', 'model: {a: {command: "true", env: {prototype: 1}}}', /^CONFIG_BAD_KEY 1:36/],
    [
      '__proto__ by a merge key',
      `x-a: &a {__proto__: {b: 1}}\nmodel: {a: {<<: *a, command: "true"}}`,
      /^CONFIG_BAD_KEY 1:10/,
    ],
    ['toString at the root', `toString: 1\n${model}`, /^CONFIG_UNKNOWN_KEY 1:1/],
    [
      'hasOwnProperty in a model',
      'model: {a: {command: "1", hasOwnProperty: 1}}',
      /^CONFIG_UNKNOWN_KEY 1:27/,
    ],
    ['valueOf in run', `run: {valueOf: 1}\n${model}`, /^CONFIG_UNKNOWN_KEY 1:7/],
    ['a tab', 'model:\n\ta: {command: "true"}', /^CONFIG_SYNTAX 2:1 a tab/],
    ['a duplicate key', 'model: {a: {command: "1", command: "2"}}', /^CONFIG_DUPLICATE_KEY 1:27/],
    ['several documents', `${model}---\n${model}`, /^CONFIG_DOCUMENTS 2:1/],
    ['a custom tag', 'model: !!python/object:os.system {a: 1}', /^CONFIG_TAG 1:8/],
    ['a binary tag', 'model: {a: {command: !!binary "AAAA"}}', /^CONFIG_TAG 1:22/],
    ['nothing', '', /^CONFIG_EMPTY 1:1/],
    ['nothing but a document mark', '---\n...\n', /^CONFIG_EMPTY 1:1/],
    ['a text', 'hello', /^CONFIG_WRONG_TYPE 1:1 the file must be a mapping/],
    ['a list', '- a', /^CONFIG_WRONG_TYPE 1:1 the file must be a mapping/],
  ])('%s', (_, launch, expected) => {
    const problems = problemsOf({ launch });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('odd text is read', () => {
  it.each([
    ['CRLF', model.replaceAll('\n', '\r\n')],
    ['a document mark and end', `%YAML 1.2\n---\n${model}...\n`],
    ['comments', `# one\n${model}# two`],
    ['JSON', '{"model": {"a": {"command": "true"}}}'],
    ['merge keys of merge keys, 40 deep, ten times each', `${bomb(40, '{<<: [', ']}')}${model}`],
    ['core tags', 'model: !!map {a: {command: !!str true}}'],
  ])('%s', (_, launch) => {
    expect(configOf({ launch }).models).toMatchObject([{ name: 'a', command: { local: 'true' } }]);
  });

  it('5,000 models', () => {
    const models = Array.from(
      { length: 5000 },
      (_, i) => `  m${i}:\n    command: python a.py <lr>\n    hparam: {lr: [1e-5, 1e-4]}\n`,
    );
    expect(configOf({ launch: `model:\n${models.join('')}` }).models).toHaveLength(5000);
  });
});

describe('files that are none', () => {
  async function problemsIn(make: (folder: string) => Promise<unknown>): Promise<string[]> {
    const folder = await mkdtemp(path.join(tmpdir(), 'hostile-'));
    await mkdir(path.join(folder, 'config'));
    await make(folder);
    const sources = await loadSources({ cwd: folder });
    const { diagnostics } = readConfig(sources);
    await rm(folder, { recursive: true, force: true });
    return diagnostics.map(({ code, message, hint }) =>
      `${code}: ${message} (${hint})`.replaceAll(folder, 'FOLDER'),
    );
  }

  const launch = (folder: string) => path.join(folder, 'config/launch.yaml');

  it('a folder', async () => {
    expect(await problemsIn((folder) => mkdir(launch(folder)))).toEqual([
      'CONFIG_UNREADABLE: config/launch.yaml is a folder (put a text file in its place)',
    ]);
  });

  it('a FIFO, which nobody writes to', async () => {
    expect(await problemsIn(async (folder) => execFileSync('mkfifo', [launch(folder)]))).toEqual([
      'CONFIG_UNREADABLE: config/launch.yaml is not a regular file (put a text file in its place)',
    ]);
  });

  it('a socket', async () => {
    const server = createServer();
    const problems = await problemsIn(
      (folder) => new Promise<void>((done) => server.listen(launch(folder), done)),
    );
    server.close();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^CONFIG_UNREADABLE: config\/launch\.yaml /);
  });

  it('a device without an end', async () => {
    expect(await problemsIn((folder) => symlink('/dev/zero', launch(folder)))).toEqual([
      'CONFIG_UNREADABLE: config/launch.yaml is not a regular file (put a text file in its place)',
    ]);
  });

  it('a symbolic link in a circle', async () => {
    const problems = await problemsIn((folder) => symlink('launch.yaml', launch(folder)));
    expect(problems).toEqual([
      'CONFIG_UNREADABLE: config/launch.yaml is a link in a circle (put a text file in its place, or mend the link)',
    ]);
  });

  it.each(['config/launch.yaml', '.env'])('a symbolic link to nothing: %s', async (name) => {
    const problems = await problemsIn(async (folder) => {
      if (name === '.env') await writeFile(launch(folder), model);
      await symlink('gone/x', path.join(folder, name));
    });
    expect(problems).toEqual([
      `CONFIG_UNREADABLE: ${name} is a link to gone/x, which is not there (put a text file in its place, or mend the link)`,
    ]);
  });

  it('nothing at all', async () => {
    expect(await problemsIn(async () => {})).toEqual([
      'CONFIG_NO_LAUNCH: there is no config/launch.yaml in FOLDER (type "make init" to write one, or go to the folder that has it)',
    ]);
  });

  it('UTF-16, as Windows saves it', async () => {
    const text = Buffer.from(`\uFEFF${model}`, 'utf16le');
    expect(await problemsIn((folder) => writeFile(launch(folder), text))).toEqual([
      'CONFIG_NOT_UTF8: config/launch.yaml is not UTF-8 text (it is UTF-16: save it as UTF-8)',
    ]);
  });

  it('a byte order mark is no problem, and moves no column', async () => {
    expect(await problemsIn((folder) => writeFile(launch(folder), `\uFEFF${model}`))).toEqual([]);
  });
});
