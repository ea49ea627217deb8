import type { Checked, Diagnostic } from '../diagnostics/diagnostic.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';
import type { Config, Locate } from './config.ts';
import { parseDotEnv } from './dotenv.ts';
import { inFileOrder } from './in-file-order.ts';
import type { Sources } from './load.ts';
import { normalize } from './normalize.ts';
import { parseYaml } from './parse-yaml.ts';
import type { PlainValue } from './plain-value.ts';
import { remainderOf } from './remainder.ts';
import { rules } from './rules.ts';
import { locate as locateIn, type Tree } from './tree.ts';
import { validate } from './validate.ts';
import type { WrittenKube } from './written-kube.ts';
import type { WrittenLaunch } from './written-launch.ts';

/**
 * The configuration; where it has errors, perhaps what is left of it without them. That remainder is only for
 * later steps to find more problems in.
 */
export type ReadConfig = Checked<Config> & { readonly remainder?: Config | undefined };

/**
 * Parses, validates and normalizes the loaded files. On any error, all problems of all files, in file
 * order; otherwise the configuration, and warnings.
 */
export function readConfig(sources: Sources): ReadConfig {
  const launch = readFile(sources.launch, 'launch');
  const kube = readFile(sources.kube, 'kube');
  const { dotenv, diagnostics: ofDotenv } = parseDotEnv(sources.dotenv);
  const trees = { launch: launch.tree, kube: kube.tree };
  const diagnostics = inFileOrder(
    [
      ...sources.diagnostics,
      ...launch.diagnostics,
      ...kube.diagnostics,
      ...ofDotenv,
      ...rules.flatMap((rule) => rule({ ...trees, dotenv })),
    ],
    [sources.launch, sources.kube, sources.dotenv],
  );
  const locate: Locate = (file, path, what) => {
    const tree = trees[file];
    return tree && locateIn(tree, path, what);
  };
  const toConfig = (ofLaunch: PlainValue, ofKube: PlainValue | undefined) =>
    normalize({
      // Their validators, and the rules, have found nothing against them.
      launch: ofLaunch as unknown as WrittenLaunch,
      kube: ofKube as unknown as WrittenKube | undefined,
      dotenv,
      folder: sources.folder,
      locate,
    });
  if (launch.value !== undefined && diagnostics.every(({ severity }) => severity !== 'error')) {
    return { ok: true, value: toConfig(launch.value, kube.value), diagnostics };
  }
  const restOfLaunch = remainderOf('launch', launch, diagnostics);
  const restOfKube = remainderOf('kube', kube, diagnostics);
  return {
    ok: false,
    diagnostics,
    remainder: restOfLaunch === undefined ? undefined : toConfig(restOfLaunch, restOfKube),
  };
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
  const own = diagnostics.filter((each) => !parsed.diagnostics.some((cause) => contains(each, cause)));
  return { tree: parsed.tree, value, diagnostics: [...parsed.diagnostics, ...own] };
}

/** A mapping that lost a key to a problem may well be empty now: what is said of it follows from that. */
function contains(outer: Diagnostic, inner: Diagnostic): boolean {
  if (outer.location === undefined || inner.location === undefined) return false;
  const { offset, length } = outer.location;
  return inner.location.offset >= offset && inner.location.offset < offset + Math.max(length, 1);
}
