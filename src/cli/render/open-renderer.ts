import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../../config/config.ts';
import { readSshKeys } from '../../container/ssh-keys.ts';
import type { Context } from '../../context.ts';
import { type Checked, DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { SourceFile } from '../../diagnostics/source-file.ts';
import { ExitCode } from '../../exit-code.ts';
import { podScriptTexts } from '../../generated/pod-scripts.js';
import { createRenderer, type RenderInputs } from '../../render/create-renderer.ts';
import { asText } from '../../render/project-files.ts';
import type { Renderer } from '../../render/renderer.ts';
import { createTemplateSet } from '../../render/template-set.ts';
import { describeSpecial } from '../../special-file.ts';
import { readProjectFiles } from './read-project-files.ts';
import { loadSecretKey } from './secret-key.ts';

/**
 * The project's renderer: its templates compiled, its secret key loaded, its files read when asked for.
 *
 * @param code how pods get their code
 * @param secretKey default: that of the project, which is made where there is none
 * @throws DiagnosticError (exit 2) for a broken template, or without `config/kube.yaml`
 */
export async function openRenderer(
  context: Pick<Context, 'cwd' | 'env'>,
  config: Config,
  code: RenderInputs['code'],
  secretKey?: Uint8Array,
): Promise<Renderer> {
  const templates = accept(await createTemplateSet(await ownTemplates(context.cwd)));
  return accept(
    createRenderer({
      config: await withSshKeys(context, config, code),
      templates,
      readFiles: readProjectFiles(context.cwd),
      secretKey: secretKey ?? (await loadSecretKey(context.cwd)),
      scripts: podScriptTexts,
      code,
    }),
  );
}

/** The configuration with the SSH keys that pods get beside what `.env` says: they go the same way, into the Secret. */
async function withSshKeys(
  { cwd, env }: Pick<Context, 'cwd' | 'env'>,
  config: Config,
  code: RenderInputs['code'],
): Promise<Config> {
  const { dotenv } = config;
  const layers = [
    config.kube,
    config.root,
    ...[...config.models, ...config.datasets].map((each) => each.fields),
  ];
  const keys = await readSshKeys({
    variables: dotenv.variables,
    cwd,
    home: env['HOME'],
    identity: layers.some(({ identity }) => identity !== undefined && identity !== null),
    deployKey: code.git !== undefined,
  });
  return keys.size === 0
    ? config
    : { ...config, dotenv: { ...dotenv, variables: new Map([...dotenv.variables, ...keys]) } };
}

async function ownTemplates(root: string): Promise<readonly SourceFile[]> {
  let names: string[];
  try {
    names = await readdir(path.join(root, 'templates'));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
  return await Promise.all(
    names
      .filter((name) => name.endsWith('.hbs'))
      .sort()
      .map((name) => readTemplate(root, `templates/${name}`)),
  );
}

/** @throws DiagnosticError RENDER_TEMPLATE_SYNTAX for a folder, and for what is no text */
async function readTemplate(root: string, name: string): Promise<SourceFile> {
  const refuse = (why: string, cause?: unknown): DiagnosticError =>
    new DiagnosticError(
      errorDiagnostic('RENDER_TEMPLATE_SYNTAX', `the template ${name} ${why}`, {
        cause,
        hint: 'remove it, to use the one that comes with the toolbox',
      }),
      ExitCode.usage,
    );
  // To open a pipe waits for somebody who writes into it, and no signal ends that.
  const special = await stat(path.join(root, name)).then(describeSpecial, () => undefined);
  if (special !== undefined) throw refuse(`is ${special}`);
  const bytes = await readFile(path.join(root, name)).catch((cause: NodeJS.ErrnoException) => {
    throw refuse(cause.code === 'EISDIR' ? 'is a folder' : `cannot be read (${cause.code})`, cause);
  });
  const text = asText(bytes);
  if (text === undefined) throw refuse('is no UTF-8 text');
  return new SourceFile(name, text);
}

function accept<T>(checked: Checked<T>): T {
  if (!checked.ok) throw new DiagnosticError(checked.diagnostics, ExitCode.usage);
  return checked.value;
}
