import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Mount, Sandbox } from '../container/sandbox.ts';

export interface BuildOptions {
  /** The folder that is built, with its `.dockerignore`. */
  readonly context: string;
  /** Base images by name: what fills their root file system. */
  readonly bases: Readonly<Record<string, (root: string) => void>>;
  readonly args?: Readonly<Record<string, string>>;
  readonly mounts?: readonly Mount[];
  /** Folders of the machine that take the place of copies in the context. */
  readonly path?: string;
}

export interface Built extends Disposable {
  readonly image: Sandbox;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly entrypoint: readonly string[];
}

/**
 * Carries out a Dockerfile without Docker, as far as ours go: ARG, FROM, COPY with `.dockerignore` and patterns, ENV,
 * WORKDIR, RUN in a root of its own, ENTRYPOINT and CMD. Anything else is refused, so that a test does not pass
 * over it.
 */
export function buildImage(dockerfile: string, options: BuildOptions): Built {
  const stages = new Map<string, Sandbox>();
  const global: Record<string, string> = {};
  let stage:
    | { image: Sandbox; env: Record<string, string>; args: Record<string, string>; workdir: string }
    | undefined;
  let entrypoint: string[] = [];
  let command: string[] = [];
  const text = dockerfile.replace(/^\s*#.*\n/gm, '').replace(/\\\n/g, ' ');
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const [, keyword = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
    const variables = { ...global, ...stage?.args, ...stage?.env };
    const words = expand(rest, stage === undefined || keyword === 'FROM' ? global : variables).split(/\s+/);
    if (keyword === 'ARG') {
      const [, name = '', initial] = /^(\w+)(?:=(.*))?$/.exec(rest) ?? [];
      const value = options.args?.[name] ?? initial ?? (stage === undefined ? undefined : global[name]);
      if (value !== undefined) (stage?.args ?? global)[name] = value;
      continue;
    }
    if (keyword === 'FROM') {
      const base = options.bases[words[0] ?? ''];
      if (base === undefined) throw new Error(`there is no base image ${words[0]}`);
      stage = { image: new Sandbox(base, { bare: true }), env: {}, args: {}, workdir: '/' };
      stages.set(words[2] ?? '', stage.image);
      continue;
    }
    if (stage === undefined) throw new Error(`${keyword} before FROM`);
    const { image, env, args } = stage;
    switch (keyword) {
      case 'ENV':
        for (const word of words) env[word.split('=')[0] ?? ''] = word.slice(word.indexOf('=') + 1);
        break;
      case 'WORKDIR':
        stage.workdir = words[0] ?? '/';
        mkdirSync(image.path(stage.workdir), { recursive: true });
        break;
      case 'COPY':
        copy(words, stage.workdir, image, stages, options.context);
        break;
      case 'RUN': {
        const { PATH = debianPath, ...others } = env;
        const ran = image.run(['sh', '-c', rest], {
          cwd: stage.workdir,
          env: { ...args, ...others, PATH: `${options.path === undefined ? '' : `${options.path}:`}${PATH}` },
          mounts: options.mounts ?? [],
        });
        if (ran.code !== 0) throw new Error(`RUN ${rest}: ${ran.code}\n${ran.stdout}${ran.stderr}`);
        break;
      }
      case 'ENTRYPOINT':
        entrypoint = JSON.parse(rest) as string[];
        break;
      case 'CMD':
        command = JSON.parse(rest) as string[];
        break;
      default:
        throw new Error(`the builder of the tests does not know ${keyword}`);
    }
  }
  if (stage === undefined) throw new Error('there is no FROM');
  return {
    image: stage.image,
    env: stage.env,
    workingDir: stage.workdir,
    entrypoint: [...entrypoint, ...command],
    [Symbol.dispose]: () => {
      for (const image of stages.values()) image[Symbol.dispose]();
    },
  };
}

const debianPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)\}|\$(\w+)/g, (whole, braced?: string, plain?: string) => {
    const name = braced ?? plain ?? '';
    return variables[name] ?? (name === 'PATH' ? debianPath : whole);
  });
}

function copy(
  words: readonly string[],
  workdir: string,
  image: Sandbox,
  stages: ReadonlyMap<string, Sandbox>,
  context: string,
): void {
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const [target = '', ...sources] = words.filter((word) => !word.startsWith('--')).reverse();
  const place = image.path(path.resolve('/', workdir, target));
  if (from !== undefined) {
    const other = stages.get(from);
    if (other === undefined) throw new Error(`there is no stage ${from}`);
    for (const source of sources) {
      mkdirSync(target.endsWith('/') ? place : path.dirname(place), { recursive: true });
      execFileSync('cp', ['-a', other.path(source), place]);
    }
    return;
  }
  const isIgnored = readIgnored(context);
  mkdirSync(place, { recursive: true });
  for (const source of sources) {
    const found = source === '.' ? ['.'] : globSync(source, { cwd: context });
    if (found.length === 0 && !/[*?[]/.test(source)) throw new Error(`COPY ${source}: it is not there`);
    for (const name of found) {
      if (isIgnored(name)) throw new Error(`COPY ${source}: .dockerignore leaves it out`);
      const file = path.join(context, name);
      // A folder's content is copied, a file under its name.
      cpSync(file, statSync(file).isDirectory() ? place : path.join(place, name), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (each) => !isIgnored(path.relative(context, each)),
      });
    }
  }
}

/** By `.dockerignore`: paths from the root, with `*`, and with a leading `**` at any depth. */
function readIgnored(context: string): (name: string) => boolean {
  const file = path.join(context, '.dockerignore');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const patterns = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const body = line
        .replace(/^\*\*\//, '')
        .replace(/[.+^${}()|\\]/g, '\\$&')
        .replaceAll('**/', '\0')
        .replaceAll('*', '[^/]*')
        .replaceAll('\0', '(.*/)?');
      return new RegExp(`^${line.startsWith('**/') ? '(.*/)?' : ''}${body}(/|$)`);
    });
  return (name) => name !== '' && patterns.some((pattern) => pattern.test(name));
}
