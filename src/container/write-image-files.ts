import { appendFile, lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { packageRoot } from '../package-root.ts';
import { ownImage, withoutTag } from './image-name.ts';

export type PythonTool = 'conda' | 'uv' | 'poetry';

export interface WrittenFile {
  readonly path: string;
  readonly action: 'written' | 'extended' | 'kept';
  readonly note?: string;
}

/** What no image should have in it, secrets first; `.git` has the addresses of clones, tokens included. */
const secrets = [
  ...['.env', '.ssh', '**/.env', '**/.ssh', '**/.git/config', '.git/modules/**/config'],
  ...['build', '.toolbox', '.venv'],
];

/**
 * Writes what building the project's image needs and is not there yet: a Dockerfile for the project's Python
 * tool, two workflows and `.dockerignore`. What is there stays; only the secrets' lines are added.
 */
export async function writeImageFiles(
  config: Config,
  cwd: string,
  python: PythonTool | undefined,
): Promise<readonly WrittenFile[]> {
  const tool = python ?? (await findPythonTool(cwd));
  const { kube, root, project } = config;
  const image = ownImage(config);
  const values = {
    project: project.project_name,
    environment: project.conda_env_name,
    image,
    toolbox:
      root.toolbox_image ??
      kube.toolbox_image ??
      `${withoutTag(image).replace(/\/[^/]*$/, '')}/kube-toolbox:latest`,
    owner: root.gitlab_user ?? kube.gitlab_user ?? project.user ?? '',
    sshhost: root.ssh_host ?? kube.ssh_host ?? 'gitlab-ssh.nrp-nautilus.io',
    sshport: String(root.ssh_port ?? kube.ssh_port ?? 30622),
  };
  return [
    { ...(await writeNew(cwd, 'Dockerfile', `Dockerfile.${tool}`, values)), note: tool },
    await writeNew(cwd, '.github/workflows/docker.yml', 'docker.yml', values),
    await writeNew(cwd, '.github/workflows/mirror.yml', 'mirror.yml', values),
    await writeIgnored(cwd, values),
  ];
}

/** What the project is installed with; a conda project may have its packages from poetry. */
async function findPythonTool(cwd: string): Promise<PythonTool> {
  const has = async (name: string) =>
    (await readFile(path.join(cwd, name), 'utf8').catch(() => undefined)) ?? '';
  if (await has('environment.yml')) return 'conda';
  const manifest = await has('pyproject.toml');
  if ((await has('poetry.lock')) || /^\[tool\.poetry[\].]/m.test(manifest))
    return (await has('uv.lock')) ? 'uv' : 'poetry';
  return 'uv';
}

async function writeNew(
  cwd: string,
  name: string,
  template: string,
  values: Readonly<Record<string, string>>,
): Promise<WrittenFile> {
  const file = path.join(cwd, name);
  if (await isThere(file)) return { path: name, action: 'kept' };
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, await fill(template, values), { flag: 'wx' });
  return { path: name, action: 'written' };
}

/** Secrets must not come into an image, so their lines are added to a file that is there. */
async function writeIgnored(cwd: string, values: Readonly<Record<string, string>>): Promise<WrittenFile> {
  const name = '.dockerignore';
  const file = path.join(cwd, name);
  if (!(await isThere(file))) return writeNew(cwd, name, 'dockerignore', values);
  const text = await readFile(file, 'utf8');
  const present = new Set(text.split('\n').map((line) => line.trim().replace(/^\/|\/$/g, '')));
  const missing = secrets.filter((line) => !present.has(line));
  if (missing.length === 0) return { path: name, action: 'kept' };
  await appendFile(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`);
  return { path: name, action: 'extended', note: missing.join(', ') };
}

async function fill(template: string, values: Readonly<Record<string, string>>): Promise<string> {
  const text = await readFile(path.join(packageRoot(), 'templates/init/image', template), 'utf8');
  return text.replaceAll(/__([a-z]+)__/g, (whole, name: string) => values[name] ?? whole);
}

const isThere = (file: string) =>
  lstat(file).then(
    () => true,
    () => false,
  );
