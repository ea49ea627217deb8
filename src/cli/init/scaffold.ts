import { appendFile, lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { packageRoot } from '../../package-root.ts';
import { includedFiles, makefileLine } from './makefile-line.ts';
import { projectName, yamlText } from './project-name.ts';

/** What became of one file of the project. */
export interface Outcome {
  readonly path: string;
  readonly action: 'written' | 'extended' | 'kept';
  /** What was added, or why nothing was. */
  readonly note?: string;
}

const ignored = ['.env', 'build/', '.toolbox/'];

/**
 * Writes what a project needs under `context.cwd` and is not there yet. What is there stays: a file is made only
 * where its name is free, and lines are only added. So a second run changes nothing.
 */
export async function* scaffold(
  context: Context,
  options: { readonly python: boolean },
): AsyncGenerator<Outcome> {
  const toolbox = await toolboxFolder(context.cwd);
  const values = {
    project: yamlText(projectName(path.basename(context.cwd)) ?? 'example'),
    user: yamlText(projectName(context.env['USER'] ?? context.env['LOGNAME'] ?? '') ?? 'researcher'),
    schemas: path.isAbsolute(toolbox) ? `${toolbox}/schemas` : path.posix.join('..', toolbox, 'schemas'),
  };
  const create = (target: string, template: string, mode?: number) =>
    writeNew(context.cwd, target, () => fill(template, values), mode);

  yield await create('config/launch.yaml', 'launch.yaml');
  yield await create('config/kube.yaml', 'kube.yaml');
  yield await create('.env', 'dotenv', 0o600);
  yield await addLines(context.cwd, '.gitignore', ignored);
  yield await addMakefileLine(context.cwd, toolbox);
  if (options.python) yield await create('src/toolbox/s3utils.py', 's3utils.py');
}

/** The toolbox as this project's files should name it: relative where it lies within the project. */
async function toolboxFolder(cwd: string): Promise<string> {
  const root = await realpath(packageRoot());
  for (const usual of ['node_modules/kube-toolbox', 'src/toolbox']) {
    if ((await realpath(path.join(cwd, usual)).catch(() => undefined)) === root) return usual;
  }
  const relative = path.relative(await realpath(cwd), root);
  return relative.startsWith('..') ? root : relative;
}

async function fill(template: string, values: Readonly<Record<string, string>>): Promise<string> {
  const text = await readFile(path.join(packageRoot(), 'templates/init', template), 'utf8');
  return text.replaceAll(/__([a-z]+)__/g, (blank, name: string) => values[name] ?? blank);
}

async function writeNew(
  cwd: string,
  target: string,
  content: () => Promise<string>,
  mode = 0o666,
): Promise<Outcome> {
  const file = path.join(cwd, target);
  if (await exists(file)) return { path: target, action: 'kept' };
  return await attempt(target, async () => {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, await content(), { flag: 'wx', mode });
    return { path: target, action: 'written' };
  });
}

async function addLines(cwd: string, target: string, wanted: readonly string[]): Promise<Outcome> {
  const file = path.join(cwd, target);
  const text = await readFile(file, 'utf8').catch(() => '');
  const present = new Set(text.split('\n').map((line) => line.trim().replace(/^\//, '').replace(/\/$/, '')));
  const missing = wanted.filter((line) => !present.has(line.replace(/\/$/, '')));
  if (missing.length === 0) return { path: target, action: 'kept' };
  return await attempt(target, async () => {
    await appendFile(file, `${needsLineBreak(text) ? '\n' : ''}${missing.join('\n')}\n`);
    return { path: target, action: text === '' ? 'written' : 'extended', note: missing.join(', ') };
  });
}

async function addMakefileLine(cwd: string, toolbox: string): Promise<Outcome> {
  const target = 'Makefile';
  const file = path.join(cwd, target);
  const own = path.join(packageRoot(), 'Makefile');
  if ((await realpath(file).catch(() => undefined)) === (await realpath(own))) {
    return { path: target, action: 'kept' };
  }
  const text = await readFile(file, 'utf8').catch(() => '');
  for (const included of includedFiles(text)) {
    if ((await realpath(path.resolve(cwd, included)).catch(() => undefined)) === (await realpath(own))) {
      return { path: target, action: 'kept' };
    }
  }
  const { line, obstacle } = makefileLine(text, await readFile(own, 'utf8'), toolbox);
  if (line === undefined) return { path: target, action: 'kept', ...(obstacle && { note: obstacle }) };
  return await attempt(target, async () => {
    await appendFile(file, `${needsLineBreak(text) ? '\n' : ''}${line}\n`);
    return { path: target, action: text === '' ? 'written' : 'extended', note: line };
  });
}

const needsLineBreak = (text: string) => text !== '' && !text.endsWith('\n');

/** True for anything of that name, a dangling link included. */
const exists = (file: string) =>
  lstat(file).then(
    () => true,
    () => false,
  );

async function attempt(target: string, write: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await write();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const diagnostic = errorDiagnostic('CLI_CANNOT_WRITE', `cannot write ${target}: ${message}`, {
      hint: 'make the folder writable for you, or move what is in the way, then type make init again',
      cause: error,
    });
    throw new DiagnosticError(diagnostic, ExitCode.refused);
  }
}
