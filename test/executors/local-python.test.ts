import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { findPythonEnvironment } from '../../src/executors/local-python.ts';

/** A home and a project, with files; those named `bin/…` can be executed. */
function world(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'python-env-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (path.includes('bin/')) chmodSync(file, 0o755);
  }
  const root = join(folder, 'project');
  mkdirSync(root, { recursive: true });
  const warnings: Diagnostic[] = [];
  const find = (env: Readonly<Record<string, string>> = {}) =>
    findPythonEnvironment({
      root,
      env: { HOME: join(folder, 'home'), PATH: '/usr/bin:/bin', ...env },
      condaName: 'vit',
      warn: (warning) => warnings.push(warning),
    });
  return { folder, root, find, warnings };
}

const conda = {
  // What conda's own script does, in small: activation sets variables and runs the packages' scripts.
  'home/miniconda3/etc/profile.d/conda.sh': `conda() {
  export CONDA_PREFIX="$2" CONDA_DEFAULT_ENV=vit PATH="$2/bin:$PATH"
  for each in "$2"/etc/conda/activate.d/*.sh; do . "$each"; done
}
`,
  'home/miniconda3/envs/vit/conda-meta/history': '',
  'home/miniconda3/envs/vit/etc/conda/activate.d/cuda.sh':
    'export CUDA_HOME="of the environment"; echo noise\n',
};
const venv = { 'project/.venv/bin/python': '' };

describe('the Python environment of local runs', () => {
  it('is what is active already, as it is', async () => {
    const { find } = world({ ...venv, ...conda });
    expect((await find({ VIRTUAL_ENV: '/v' })).env).toMatchObject({
      VIRTUAL_ENV: '/v',
      PATH: '/usr/bin:/bin',
    });
    const active = { CONDA_PREFIX: '/c', CONDA_DEFAULT_ENV: 'mine' };
    expect((await find(active)).env).toMatchObject({ ...active, PATH: '/usr/bin:/bin' });
  });

  it("is .venv before conda's, also where conda's base is active", async () => {
    const { find, root } = world({ ...venv, ...conda });
    const { env } = await find({ CONDA_PREFIX: '/c', CONDA_DEFAULT_ENV: 'base', PYTHONHOME: '/p' });
    expect(env).toMatchObject({ VIRTUAL_ENV: `${root}/.venv`, PATH: `${root}/.venv/bin:/usr/bin:/bin` });
    expect(env['PYTHONHOME']).toBeUndefined();
  });

  it("is the conda environment of the project's name, activated by conda", async () => {
    const { find, folder, warnings } = world(conda);
    const { env, what } = await find();
    expect(what).toBe('conda environment "vit"');
    expect(env).toMatchObject({
      CONDA_PREFIX: `${folder}/home/miniconda3/envs/vit`,
      CUDA_HOME: 'of the environment',
    });
    expect(env['PATH']).toMatch(/^.*\/miniconda3\/envs\/vit\/bin:/);
    expect(warnings).toEqual([]);
  });

  it('warns where conda cannot activate it, and goes on', async () => {
    const { find, warnings } = world({
      ...conda,
      'home/miniconda3/etc/profile.d/conda.sh': 'conda() { return 1; }',
    });
    expect((await find()).what).toBe('none');
    expect(warnings[0]?.message).toContain('the conda environment "vit" cannot be activated');
  });

  it("is poetry's", async () => {
    const { find, folder } = world({
      'project/pyproject.toml': '[tool.poetry]\nname = "vit"\n',
      'cache/vit-py3/bin/python': '',
      'bin/poetry': '#!/bin/sh\n[ "$*" = "env info --path" ] && echo "$POETRY_SAYS"\n',
    });
    const env = { PATH: `${folder}/bin:/usr/bin:/bin`, POETRY_SAYS: `${folder}/cache/vit-py3` };
    expect((await find(env)).env).toMatchObject({ VIRTUAL_ENV: `${folder}/cache/vit-py3` });
  });

  it("is uv's, where it keeps it elsewhere", async () => {
    const { find, folder } = world({ 'project/uv.lock': '', 'elsewhere/bin/python': '' });
    const { env } = await find({ UV_PROJECT_ENVIRONMENT: `${folder}/elsewhere` });
    expect(env['VIRTUAL_ENV']).toBe(`${folder}/elsewhere`);
  });

  it('is none where there is none', async () => {
    const { find, warnings } = world({ 'project/pyproject.toml': '[project]\nname = "x"\n' });
    expect(await find({ A: '1' })).toMatchObject({ what: 'none', env: { A: '1' } });
    expect(warnings).toEqual([]);
  });
});
