import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { includedFiles, makefileLine } from '../../src/cli/init/makefile-line.ts';
import { runMain } from '../setup/run-main.ts';

const repository = path.resolve(import.meta.dirname, '../..');
let outer: string;
let folder: string;

beforeEach(async () => {
  outer = await realpath(await mkdtemp(path.join(tmpdir(), 'init-')));
  folder = path.join(outer, 'My Project');
  await mkdir(folder);
});
afterEach(() => rm(outer, { recursive: true }));

const text = (file: string) => readFile(path.join(folder, file), 'utf8');
const init = (...flags: string[]) => runMain(folder, ['init', ...flags]);

describe('init in an empty folder', () => {
  it('writes what a project needs, says so, and names the next command', async () => {
    const { code, stdout, stderr } = await init();
    expect(code).toBe(0);
    expect(stdout).toBe(
      `wrote config/launch.yaml\nwrote config/kube.yaml\nwrote .env\nwrote .gitignore (.env, build/, .toolbox/)\nwrote Makefile (include ${repository}/Makefile)\n`,
    );
    expect(stderr).toBe('next: make plan shows the trials, make local runs them\n');
    expect(await text('config/launch.yaml')).toContain('project_name: my-project\n');
    expect((await stat(path.join(folder, '.env'))).mode & 0o777).toBe(0o600);
  });

  it('names the schemas where an editor finds them', async () => {
    await init();
    for (const name of ['launch', 'kube']) {
      const schema = (await text(`config/${name}.yaml`)).match(
        /^# yaml-language-server: \$schema=(.*)$/m,
      )?.[1];
      const file = path.resolve(folder, 'config', schema ?? '');
      expect(JSON.parse(await readFile(file, 'utf8'))).toHaveProperty('properties.project_name');
    }
  });

  it('leaves no blank to fill in', async () => {
    await init('python=true');
    for (const file of ['config/launch.yaml', 'config/kube.yaml', '.env']) {
      expect(await text(file)).not.toMatch(/__[a-z]+__/);
    }
    const template = await readFile(path.join(repository, 'templates/init/s3utils.py'), 'utf8');
    expect(await text('src/toolbox/s3utils.py')).toBe(template);
  });

  it.each([
    ['2024', '"2024"'],
    ['Yes', '"yes"'],
    ['Größe_v2', 'gro-e-v2'],
    ['…', 'example'],
  ])('makes a name for the folder %s', async (name, written) => {
    folder = path.join(outer, name);
    await mkdir(folder);
    await init();
    expect(await text('config/launch.yaml')).toContain(`project_name: ${written}\n`);
  });

  it('prints JSON lines on request', async () => {
    const { stdout } = await init('json=true');
    const lines = stdout.trimEnd().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      type: 'file',
      path: 'config/launch.yaml',
      action: 'written',
    });
    expect(lines).toHaveLength(5);
  });
});

describe('init in a project', () => {
  it('changes nothing the second time', async () => {
    await init('python=true');
    const before = await Promise.all((await readdir(folder, { recursive: true })).map(contentOf));
    const { stdout, stderr } = await init('python=true');
    expect(await Promise.all((await readdir(folder, { recursive: true })).map(contentOf))).toEqual(before);
    expect(stdout).not.toMatch(/wrote|added/);
    expect(stderr).toBe('nothing to do; next: make plan shows the trials, make local runs them\n');
  });

  it('overwrites nothing', async () => {
    await mkdir(path.join(folder, 'config'));
    await writeFile(path.join(folder, 'config/launch.yaml'), 'mine');
    await writeFile(path.join(folder, '.env'), 'SECRET=1');
    await symlink('nowhere', path.join(folder, 'config/kube.yaml'));
    const { stdout } = await init();
    expect(await text('config/launch.yaml')).toBe('mine');
    expect(await text('.env')).toBe('SECRET=1');
    expect(stdout).toContain('left config/kube.yaml as it is');
  });

  it('adds only the missing lines to .gitignore', async () => {
    await writeFile(path.join(folder, '.gitignore'), '/build\n*.pt\n.env');
    const { stdout } = await init();
    expect(await text('.gitignore')).toBe('/build\n*.pt\n.env\n.toolbox/\n');
    expect(stdout).toContain('added to .gitignore (.toolbox/)');
  });

  it('adds its line to a Makefile after what is there', async () => {
    await writeFile(path.join(folder, 'Makefile'), 'paper:\n\tlatexmk\ntest:\n\tpytest');
    await init();
    expect(await text('Makefile')).toBe(
      `paper:\n\tlatexmk\ntest:\n\tpytest\ninclude ${repository}/Makefile\n`,
    );
  });

  it('leaves a Makefile whose targets it would replace, and says what to do', async () => {
    await writeFile(
      path.join(folder, 'Makefile'),
      'all: clean local\nclean:\n\trm -rf out\nlocal:\n\t./run\n',
    );
    const { stdout } = await init();
    expect(stdout).toContain(
      `left Makefile as it is (it has targets of the same name: clean, local; rename them and add: include ${repository}/Makefile)`,
    );
    expect(await text('Makefile')).not.toContain('include');
  });

  it('knows a Makefile that is a link to its own', async () => {
    await symlink(path.join(repository, 'Makefile'), path.join(folder, 'Makefile'));
    expect((await init()).stdout).toContain('left Makefile as it is\n');
  });

  it('is written as make reads it, and found again', () => {
    const { line = '' } = makefileLine('', '', "/some one's/c# $x");
    expect(line).toBe("include /some\\ one's/c\\#\\ $$x/Makefile");
    expect(includedFiles(`${line}\n-include project.mk  other.mk\n`)).toEqual([
      "/some one's/c# $x/Makefile",
      'project.mk',
      'other.mk',
    ]);
  });

  it('names the toolbox by its place in the project', async () => {
    await mkdir(path.join(folder, 'node_modules'));
    await symlink(repository, path.join(folder, 'node_modules/kube-toolbox'));
    await init();
    expect(await text('Makefile')).toBe('include node_modules/kube-toolbox/Makefile\n');
    expect(await text('config/kube.yaml')).toContain(
      '$schema=../node_modules/kube-toolbox/schemas/kube.schema.json',
    );
  });
});

async function contentOf(file: string): Promise<string> {
  const full = path.join(folder, file);
  return (await stat(full)).isDirectory() ? file : `${file}: ${await readFile(full, 'utf8')}`;
}
