import { statfs } from 'node:fs/promises';
import type { Context } from '../../context.ts';
import { findPythonEnvironment } from '../../executors/local-python.ts';
import { type Check, type Finding, ok, problem, warning } from './check.ts';
import { ask } from './program.ts';

const mebibyte = 1024 * 1024;

export const machineChecks: readonly Check[] = [
  { topic: 'Machine', name: 'Node', run: checkNode },
  { topic: 'Machine', name: 'bash', run: checkBash },
  { topic: 'Machine', name: 'git', run: checkGit },
  { topic: 'Machine', name: 'Python', run: checkPython },
  { topic: 'Machine', name: 'disk', run: checkDisk },
];

async function checkNode(): Promise<readonly Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const found = `Node ${process.versions.node} (${process.execPath})`;
  if (major > 22 || (major === 22 && minor >= 19)) return [ok(found)];
  return [
    problem(
      `${found} is older than 22.19`,
      'run through make, which installs a newer one into the project, or install Node 24 from https://nodejs.org',
    ),
  ];
}

async function checkBash(context: Context): Promise<readonly Finding[]> {
  const answer = await ask(context, 'bash', ['-c', 'echo "$BASH_VERSION"']);
  if (answer === undefined) return [problem('bash is not on PATH; trials run in it', 'apt-get install bash')];
  const [major = 0, minor = 0] = answer.stdout.split('.').map(Number);
  if (major > 3 || (major === 3 && minor >= 2)) return [ok(`bash ${answer.stdout}`)];
  return [problem(`bash ${answer.stdout} is older than 3.2`, 'install a newer bash')];
}

async function checkGit(context: Context): Promise<readonly Finding[]> {
  const version = await ask(context, 'git', ['--version']);
  if (version === undefined) {
    return [
      warning(
        'git is not on PATH; runs cannot record which code they ran, and code: git needs it',
        'install git',
      ),
    ];
  }
  const inside = await ask(context, 'git', ['rev-parse', '--is-inside-work-tree']);
  if (inside?.stdout === 'true') return [ok(version.stdout)];
  return [
    warning(
      `${version.stdout}, but this project is not in a git repository; code: git needs one`,
      'git init, or code: snapshot in config/kube.yaml',
    ),
  ];
}

async function checkPython(context: Context): Promise<readonly Finding[]> {
  const { loadSources } = await import('../../config/load.ts');
  const { readConfig } = await import('../../config/read-config.ts');
  const config = readConfig(await loadSources(context));
  if (config.ok && (config.value.root.python_env ?? config.value.kube.python_env) === 'none') {
    return [ok('python_env: none, so trials run in the environment as it is')];
  }
  const env = Object.fromEntries(
    Object.entries(context.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const findings: Finding[] = [];
  const found = await findPythonEnvironment({
    root: context.cwd,
    env,
    condaName: config.ok ? config.value.project.conda_env_name : '',
    warn: ({ message, hint }) => findings.push(warning(message, hint ?? 'mend the environment')),
  });
  const where = found.what === 'none' ? 'no Python environment of this project' : found.what;
  for (const program of ['python3', 'python']) {
    const version = await ask(context, program, ['--version'], found.env);
    if (version?.code === 0) return [...findings, ok(`${version.stdout} as ${program} (${where})`)];
  }
  return [
    ...findings,
    warning(`no python3 and no python on PATH (${where})`, 'python3 -m venv .venv, or install Python'),
  ];
}

async function checkDisk(context: Context): Promise<readonly Finding[]> {
  const { bavail, bsize } = await statfs(context.cwd);
  const free = Math.floor((bavail * bsize) / mebibyte);
  const message =
    free >= 10 * 1024 ? `${Math.floor(free / 1024)} GiB of disk free` : `${free} MiB of disk free`;
  const mend = 'make room, or move the project: logs and outputs are written here';
  if (free < 100) return [problem(message, mend)];
  return [free < 1024 ? warning(message, mend) : ok(message)];
}
