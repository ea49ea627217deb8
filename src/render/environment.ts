import escapeRegExp from 'lodash/escapeRegExp.js';
import type { DotEnv } from '../config/dotenv.ts';

/** A variable as a container has it. */
export type EnvVar =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly valueFrom: object };

/** What every workload has in its environment. */
const baseEnv = { PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'UTF-8', PYTHONPATH: 'src' } as const;

/** Python finds the project's modules first, as in a local run. */
function withSource(path: string): string {
  return path.split(':').includes('src') ? path : `src:${path}`;
}

/** The variables of `env` fields that a trial has: not those of `.env`, which wins; Python's path with `src`. */
export function ownEnv(
  env: Readonly<Record<string, string>>,
  secret: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env)
      .filter(([name]) => !secret.has(name))
      .map(([name, value]) => [name, podValue(name, value)]),
  );
}

function podValue(name: string, value: string): string {
  return name === 'PYTHONPATH' ? withSource(value) : value;
}

/**
 * The literal variables of the main container: ours, then the `env` fields', then what the pod's scripts are
 * told. What is in `.env` is left out, since it comes from the Secret and literal variables would win.
 */
export function literalEnv(
  env: Readonly<Record<string, string>>,
  scripts: Readonly<Record<string, string>>,
  secret: ReadonlyMap<string, string>,
): EnvVar[] {
  const merged: Readonly<Record<string, string>> = { ...baseEnv, ...env };
  const list: EnvVar[] = [];
  for (const [name, value] of Object.entries(merged)) {
    if (!secret.has(name) && !Object.hasOwn(scripts, name))
      list.push({ name, value: keepDollars(podValue(name, value)) });
  }
  if (!secret.has('NODE_NAME') && merged['NODE_NAME'] === undefined) {
    list.push({ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } });
  }
  for (const [name, value] of Object.entries(scripts)) list.push({ name, value: keepDollars(value) });
  return list;
}

/** Kubernetes replaces `$(NAME)` in variables and arguments, and reads `$$` as `$`: texts must arrive as written. */
export function keepDollars(text: string): string {
  return /\$[$(]/.test(text) ? text.replaceAll('$', '$$$$') : text;
}

/**
 * What a pod gets of `.env`: without `CUDA_VISIBLE_DEVICES`, which names devices of this machine; `WANDB_MODE`
 * online; URLs of `endpoint_map` replaced by those that hold inside the cluster. Values are secrets.
 */
export function podDotenv(
  dotenv: DotEnv,
  endpoints: Readonly<Record<string, string>> | null | undefined,
): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const [name, value] of dotenv.variables) {
    if (name === 'CUDA_VISIBLE_DEVICES') continue;
    if (name === 'WANDB_MODE') variables.set(name, 'online');
    else if (name === 'PYTHONPATH') variables.set(name, withSource(value));
    else variables.set(name, mapEndpoints(value, endpoints));
  }
  return variables;
}

/** The `.env` file's text with the same changes, all else byte for byte. */
export function podDotenvText(
  text: string,
  endpoints: Readonly<Record<string, string>> | null | undefined,
): string {
  const kept = text
    .replace(/^[ \t]*(?:export[ \t]+)?CUDA_VISIBLE_DEVICES[ \t]*=.*(?:\r?\n|$)/gm, '')
    .replace(/^([ \t]*(?:export[ \t]+)?WANDB_MODE[ \t]*=).*?(\r?)$/gm, '$1online$2');
  return mapEndpoints(kept, endpoints);
}

/** Longest first, so that a URL is not taken for one that is its beginning. */
function mapEndpoints(value: string, endpoints: Readonly<Record<string, string>> | null | undefined): string {
  if (!endpoints) return value;
  const urls = Object.keys(endpoints).sort((a, b) => b.length - a.length);
  if (!urls.some((url) => value.includes(url))) return value;
  const pattern = urls.map((url) => `${escapeRegExp(url)}(?![\\w.:-])`).join('|');
  return value.replace(new RegExp(pattern, 'g'), (url) => endpoints[url] ?? url);
}

/**
 * What the pod's scripts need to choose the bucket of the node's region: since Kubernetes 1.35 a pod has its
 * node's topology labels; before, the variable is empty and nothing is chosen.
 */
export function regionEnv(regions: ReadonlyMap<string, string> | undefined): readonly EnvVar[] {
  if (regions === undefined || regions.size === 0) return [];
  const fieldPath = "metadata.labels['topology.kubernetes.io/region']";
  return [
    { name: 'TOOLBOX_REGION', valueFrom: { fieldRef: { fieldPath } } },
    { name: 'TOOLBOX_REGIONS', value: [...regions].map((pair) => pair.join('=')).join(' ') },
  ];
}
