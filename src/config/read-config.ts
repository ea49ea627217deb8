import type { Checked, Diagnostic } from '../diagnostics/diagnostic.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';
import type { Config, Locate } from './config.ts';
import { parseDotEnv } from './dotenv.ts';
import { inFileOrder } from './in-file-order.ts';
import type { Sources } from './load.ts';
import { normalize } from './normalize.ts';
import { parseYaml } from './parse-yaml.ts';
import type { PlainValue } from './plain-value.ts';
import { rules } from './rules.ts';
import { locate as locateIn, type Tree } from './tree.ts';
import { validate } from './validate.ts';
import type { WrittenKube } from './written-kube.ts';
import type { WrittenLaunch } from './written-launch.ts';

/**
 * Parses, validates and normalizes the loaded files. On any error, all problems of all files, in file
 * order; otherwise the configuration, and warnings.
 */
export function readConfig(sources: Sources): Checked<Config> {
  const launch = readFile(sources.launch, 'launch');
  const kube = readFile(sources.kube, 'kube');
  const { dotenv, diagnostics: ofDotenv } = parseDotEnv(sources.dotenv);
  const project = { launch: launch.tree, kube: kube.tree };
  const diagnostics = inFileOrder(
    [
      ...sources.diagnostics,
      ...launch.diagnostics,
      ...kube.diagnostics,
      ...ofDotenv,
      ...rules.flatMap((rule) => rule(project)),
    ],
    [sources.launch, sources.kube, sources.dotenv],
  );
  if (launch.value === undefined || diagnostics.some(({ severity }) => severity === 'error')) {
    return { ok: false, diagnostics };
  }
  const locate: Locate = (file, path, what) => {
    const tree = project[file];
    return tree && locateIn(tree, path, what);
  };
  const value = normalize({
    launch: launch.value as unknown as WrittenLaunch,
    kube: kube.value as unknown as WrittenKube | undefined,
    dotenv,
    folder: sources.folder,
    locate,
  });
  return { ok: true, value, diagnostics };
}

interface ReadFile {
  readonly tree?: Tree | undefined;
  readonly value?: PlainValue;
  readonly diagnostics: readonly Diagnostic[];
}

function readFile(file: SourceFile | undefined, name: 'launch' | 'kube'): ReadFile {
  if (file === undefined) return { diagnostics: [] };
  const parsed = parseYaml(file);
  if (parsed.tree === undefined) return parsed;
  const { value, diagnostics } = validate(parsed.tree, name);
  return { tree: parsed.tree, value, diagnostics: [...parsed.diagnostics, ...diagnostics] };
}
