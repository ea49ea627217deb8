import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Diagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';

const run = promisify(execFile);

export type Environment = Readonly<Record<string, string>>;

export interface PythonEnvironment {
  /** What was found, for a person: `.venv`, `conda environment "vit"`. */
  readonly what: string;
  /** The process's environment with it active. */
  readonly env: Environment;
}

export interface PythonEnvironmentOptions {
  readonly root: string;
  readonly env: Environment;
  readonly condaName: string;
  /** Told where something was found that cannot be used; trials then run without. */
  readonly warn: (diagnostic: Diagnostic) => void;
}

/**
 * Finds the Python environment the user would activate before typing `python`: one that is active already,
 * else `.venv`, else the conda environment of the project's name, else what poetry or uv made for the project.
 * Conda's `base` does not count as active, since most installations activate it in every shell. May run conda
 * or poetry, which takes a second: find it once a sweep.
 */
export async function findPythonEnvironment(options: PythonEnvironmentOptions): Promise<PythonEnvironment> {
  const { root, env } = options;
  if (env['VIRTUAL_ENV']) return { what: `active virtualenv ${env['VIRTUAL_ENV']}`, env };
  if (env['CONDA_PREFIX'] && env['CONDA_DEFAULT_ENV'] !== 'base') {
    return { what: `active conda environment ${env['CONDA_DEFAULT_ENV'] ?? env['CONDA_PREFIX']}`, env };
  }
  const venv = join(root, '.venv');
  if (isVirtualenv(venv)) return { what: '.venv', env: activateVirtualenv(venv, env) };
  return (
    (await findConda(options)) ?? (await findPoetry(options)) ?? findUv(options) ?? { what: 'none', env: env }
  );
}

function isVirtualenv(folder: string): boolean {
  return existsSync(join(folder, 'bin', 'python'));
}

/** What `source FOLDER/bin/activate` sets. */
function activateVirtualenv(folder: string, env: Environment): Environment {
  const { PYTHONHOME: _, ...rest } = env;
  return {
    ...rest,
    VIRTUAL_ENV: folder,
    PATH: [join(folder, 'bin'), env['PATH']].filter(Boolean).join(delimiter),
  };
}

async function findConda(options: PythonEnvironmentOptions): Promise<PythonEnvironment | undefined> {
  const { env, condaName, warn } = options;
  for (const installation of condaInstallations(env)) {
    const folder = condaEnvironmentFolders(installation, env)
      .map((parent) => join(parent, condaName))
      .find((each) => existsSync(join(each, 'conda-meta')));
    if (folder === undefined) continue;
    try {
      return {
        what: `conda environment "${condaName}"`,
        env: await activateConda(installation, folder, options),
      };
    } catch (error) {
      const hint = `try it: conda activate ${condaName}; or set python_env: none`;
      warn(pythonWarning(`the conda environment "${condaName}" cannot be activated`, hint, error));
      return undefined;
    }
  }
  return undefined;
}

/** Root folders of conda installations, the user's own first. */
function condaInstallations(env: Environment): string[] {
  const home = env['HOME'] ?? homedir();
  const onPath = findOnPath('conda', env);
  const candidates = [
    env['CONDA_EXE'] && dirname(dirname(env['CONDA_EXE'])),
    env['CONDA_PREFIX'],
    onPath && dirname(dirname(onPath)),
    ...['miniforge3', 'mambaforge', 'miniconda3', 'anaconda3'].map((name) => join(home, name)),
    '/opt/conda',
  ];
  return [...new Set(candidates)].filter(
    (folder): folder is string => !!folder && existsSync(join(folder, 'etc', 'profile.d', 'conda.sh')),
  );
}

function condaEnvironmentFolders(installation: string, env: Environment): string[] {
  const configured = (env['CONDA_ENVS_PATH'] ?? env['CONDA_ENVS_DIRS'] ?? '')
    .split(delimiter)
    .filter(Boolean);
  return [...configured, join(installation, 'envs'), join(env['HOME'] ?? homedir(), '.conda', 'envs')];
}

/** Lets conda activate it, because packages bring activation scripts of their own, and reads back the result. */
async function activateConda(
  installation: string,
  folder: string,
  options: PythonEnvironmentOptions,
): Promise<Environment> {
  const script =
    '. "$1/etc/profile.d/conda.sh" >&2 && conda activate "$2" >&2 && exec "$3" -e "process.stdout.write(JSON.stringify(process.env))"';
  const { stdout } = await run('bash', ['-c', script, 'bash', installation, folder, process.execPath], {
    cwd: options.root,
    env: options.env,
    maxBuffer: 16 * 1024 * 1024,
    timeout: 60_000,
  });
  return JSON.parse(stdout) as Environment;
}

async function findPoetry(options: PythonEnvironmentOptions): Promise<PythonEnvironment | undefined> {
  const { root, env, warn } = options;
  const isPoetry =
    existsSync(join(root, 'poetry.lock')) ||
    /^\[tool\.poetry\b/m.test(readIfThere(join(root, 'pyproject.toml')));
  const poetry = isPoetry ? findOnPath('poetry', env) : undefined;
  if (poetry === undefined) return undefined;
  try {
    const { stdout } = await run(poetry, ['env', 'info', '--path'], { cwd: root, env, timeout: 60_000 });
    const folder = stdout.trim();
    if (isVirtualenv(folder)) {
      return { what: `poetry environment ${folder}`, env: activateVirtualenv(folder, env) };
    }
  } catch (error) {
    warn(pythonWarning('poetry has no environment for this project', 'make it: poetry install', error));
    return undefined;
  }
  warn(pythonWarning('poetry has no environment for this project', 'make it: poetry install', undefined));
  return undefined;
}

/** uv keeps its environment in `.venv`, which was looked at, or where UV_PROJECT_ENVIRONMENT says. */
function findUv(options: PythonEnvironmentOptions): PythonEnvironment | undefined {
  const { root, env, warn } = options;
  const isUv =
    existsSync(join(root, 'uv.lock')) || /^\[tool\.uv\b/m.test(readIfThere(join(root, 'pyproject.toml')));
  if (!isUv) return undefined;
  const folder = resolve(root, env['UV_PROJECT_ENVIRONMENT'] ?? '.venv');
  if (isVirtualenv(folder)) return { what: `uv environment ${folder}`, env: activateVirtualenv(folder, env) };
  warn(pythonWarning('uv has not made the environment of this project yet', 'make it: uv sync', undefined));
  return undefined;
}

function pythonWarning(message: string, hint: string, cause: unknown): Diagnostic {
  return warningDiagnostic('LOCAL_PYTHON_ENV', message, { hint, cause });
}

/** The absolute path of a program, as the shell would find it. */
export function findOnPath(program: string, env: Environment): string | undefined {
  for (const folder of (env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter)) {
    const path = resolve(folder === '' ? '.' : folder, program);
    try {
      const stats = statSync(path);
      if (stats.isFile() && (stats.mode & 0o111) !== 0) return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
