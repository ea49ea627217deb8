import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../../config/config.ts';
import { readSshKeys } from '../../container/ssh-keys.ts';
import type { Context } from '../../context.ts';
import { type Checked, DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { SourceFile } from '../../diagnostics/source-file.ts';
import { ExitCode } from '../../exit-code.ts';
import { podScriptTexts } from '../../generated/pod-scripts.js';
import { createRenderer, type RenderInputs } from '../../render/create-renderer.ts';
import type { Renderer } from '../../render/renderer.ts';
import { createTemplateSet } from '../../render/template-set.ts';
import { readProjectFiles } from './read-project-files.ts';
import { loadSecretKey } from './secret-key.ts';

/**
 * The project's renderer: its templates compiled, its secret key loaded, its files read when asked for.
 *
 * @param code how pods get their code
 * @throws DiagnosticError (exit 2) for a broken template, or without `config/kube.yaml`
 */
export async function openRenderer(
  context: Pick<Context, 'cwd' | 'env'>,
  config: Config,
  code: RenderInputs['code'],
): Promise<Renderer> {
  const templates = accept(await createTemplateSet(await ownTemplates(context.cwd)));
  return accept(
    createRenderer({
      config: await withSshKeys(context, config, code),
      templates,
      readFiles: readProjectFiles(context.cwd),
      secretKey: await loadSecretKey(context.cwd),
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
      .map(
        async (name) =>
          new SourceFile(`templates/${name}`, await readFile(path.join(root, 'templates', name), 'utf8')),
      ),
  );
}

function accept<T>(checked: Checked<T>): T {
  if (!checked.ok) throw new DiagnosticError(checked.diagnostics, ExitCode.usage);
  return checked.value;
}
