import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineCommand } from '../../../src/cli/command.ts';
import type { CommandEntry } from '../../../src/cli/command-entry.ts';
import { listCandidates } from '../../../src/cli/completion/candidates.ts';
import type { Context } from '../../../src/context.ts';

const follow = defineCommand({
  name: 'follow',
  flags: {
    name: { kind: 'string', summary: 'which trials' },
    file: { kind: 'string', summary: 'a path' },
    overwrite: { kind: 'choice', choices: ['true', 'changed'], summary: 'replace' },
    dry_run: { kind: 'boolean', summary: 'only say' },
    include: { kind: 'list', summary: 'patterns' },
    jobs: { kind: 'count', summary: 'at a time' },
  },
  example: '',
  run: async () => 0,
});
const commands: readonly CommandEntry[] = [
  { name: 'follow', aliases: ['fl'], summary: 'Follow', group: 'Plan', load: async () => follow },
  { name: 'find', summary: 'Find', group: 'Data', load: async () => follow },
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'completion-'));
  await mkdir(path.join(folder, 'config'));
  await mkdir(path.join(folder, '.toolbox/runs/p-vit-old'), { recursive: true });
  await writeFile(
    path.join(folder, 'config/launch.yaml'),
    'project_name: p\nprefix: ""\nmodel: {vit: {command: "true", hparam: {lr: [1, 2]}}, cnn: {command: "true"}}\n',
  );
});
afterAll(() => rm(folder, { recursive: true }));

const words = async (...typed: string[]) =>
  (await listCandidates(typed, commands, { cwd: folder } as Context)).map(({ word }) => word);

describe('candidates', () => {
  it.each([
    ['commands and their aliases', ['f'], ['follow', 'fl', 'find']],
    ['commands that begin so', ['fi'], ['find']],
    ['flags', ['follow', 'i'], ['include=']],
    ['flags with dashes', ['fl', '--dr'], ['--dry_run=']],
    ['no flag twice', ['follow', 'jobs=3', 'jo'], []],
    ['but a list', ['follow', 'include=a', 'inc'], ['include=']],
    ['a choice', ['follow', 'overwrite=c'], ['overwrite=changed']],
    ['a boolean, with a dash in its name', ['follow', '--dry-run='], ['--dry-run=true']],
    [
      'names of trials, and of runs that are no trial any more',
      ['follow', 'name=p-vit'],
      ['name=p-vit-lr-1', 'name=p-vit-lr-2', 'name=p-vit-old'],
    ],
    ['paths', ['follow', 'file=con'], ['file=config/']],
    ['paths in a folder', ['follow', 'file=config/'], ['file=config/launch.yaml']],
    ['hidden paths when asked', ['follow', 'file=.t'], ['file=.toolbox/']],
    ['nothing for a number', ['follow', 'jobs='], []],
    ['nothing for an unknown flag', ['follow', 'what='], []],
    ['nothing for an unknown command', ['fallow', ''], []],
    ['nothing for a folder that is not there', ['follow', 'file=nowhere/x'], []],
  ])('offers %s', async (_, typed, expected) => {
    expect(await words(...typed)).toEqual(expected);
  });

  it('offers run records where the configuration is broken', async () => {
    const broken = await mkdtemp(path.join(tmpdir(), 'completion-'));
    await mkdir(path.join(broken, '.toolbox/runs/left'), { recursive: true });
    const offered = await listCandidates(['follow', 'name='], commands, { cwd: broken } as Context);
    await rm(broken, { recursive: true });
    expect(offered).toEqual([{ word: 'name=left' }]);
  });

  it('says what each is for', async () => {
    const [first] = await listCandidates(['follow', 'ov'], commands, { cwd: folder } as Context);
    expect(first).toEqual({ word: 'overwrite=', summary: 'replace' });
  });
});
