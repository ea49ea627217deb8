import { parse } from 'shell-quote';

/** A configuration of VS Code's Python debugger. */
export interface DebugEntry {
  readonly name: string;
  readonly type: 'debugpy';
  readonly request: 'launch';
  readonly program?: string;
  readonly module?: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly envFile: string;
  readonly env: Readonly<Record<string, string>>;
  readonly console: 'integratedTerminal';
  readonly justMyCode: boolean;
}

/** First part of our entries' names, by which they are found and replaced. */
export const entryPrefix = 'toolbox: ';

/**
 * The debugger's form of a command that is one call of Python: `[NAME=value …] [uv run|poetry run] python
 * [-m MODULE | SCRIPT] ARGS`, or `torchrun ARGS`. `undefined` for any other, which a debugger cannot start.
 */
export function debugEntry(
  name: string,
  command: string,
  env: Readonly<Record<string, string>>,
): DebugEntry | undefined {
  const text = command.trim().replaceAll('\\\n', ' ');
  // Line breaks, substitutions and what a shell expands are nothing to a debugger.
  if (/[\n`]|(^|\s)~/.test(text)) return undefined;
  const words = parse(text, (variable) => `\${env:${variable}}`);
  if (!words.every((word) => typeof word === 'string')) return undefined;
  const assigned: Record<string, string> = {};
  let at = 0;
  for (; /^[A-Za-z_]\w*=/.test(words[at] ?? ''); at++) {
    const [, key = '', value = ''] = /^(\w+)=([\s\S]*)$/.exec(words[at] ?? '') ?? [];
    assigned[key] = value;
  }
  if (/^(uv|poetry)$/.test(words[at] ?? '') && words[at + 1] === 'run') {
    at += 2;
    // uv runs a script by its name.
    if (words[at]?.endsWith('.py')) words.splice(at, 0, 'python');
  }
  const program = words[at++] ?? '';
  while (/^-[uBEOIs]+$/.test(words[at] ?? '')) at++;
  const started = startOf(program, words.slice(at));
  if (started === undefined) return undefined;
  return {
    name: `${entryPrefix}${name}`,
    type: 'debugpy',
    request: 'launch',
    ...started,
    cwd: '${workspaceFolder}',
    envFile: '${workspaceFolder}/.env',
    env: { ...env, ...assigned },
    console: 'integratedTerminal',
    justMyCode: false,
  };
}

function startOf(
  program: string,
  rest: readonly string[],
): Pick<DebugEntry, 'program' | 'module' | 'args'> | undefined {
  if (program === 'torchrun') return { module: 'torch.distributed.run', args: rest };
  if (!/^(\S*\/)?python[\d.]*$/.test(program)) return undefined;
  const [first, ...args] = rest;
  if (first === '-m' && args[0] !== undefined) return { module: args[0], args: args.slice(1) };
  if (first === undefined || first.startsWith('-')) return undefined;
  return { program: first.startsWith('/') ? first : `\${workspaceFolder}/${first}`, args };
}
