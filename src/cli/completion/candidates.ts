import type { Context } from '../../context.ts';
import type { Flag } from '../command.ts';
import type { CommandEntry } from '../command-entry.ts';
import { commonFlags } from '../parse-arguments.ts';
import { nameSources } from './name-sources.ts';

export interface Candidate {
  /** The whole word, `name=value` included. */
  readonly word: string;
  readonly summary?: string;
}

/** More than a screen of names helps nobody, and a shell is slow with thousands. */
const limit = 500;

/**
 * What the last of `words` may become, the command's name being the first. Words are as the shell
 * passes them on: what the user typed so far. Never throws for what the project or the cluster does not tell.
 */
export async function listCandidates(
  words: readonly string[],
  commands: readonly CommandEntry[],
  context: Context,
): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? '';
  if (words.length <= 1) return commandCandidates(current, commands);
  const entry = commands.find(({ name, aliases }) => name === words[0] || aliases?.includes(words[0] ?? ''));
  if (entry === undefined) return [];
  const flags: Readonly<Record<string, Flag>> = { ...(await entry.load()).flags, ...commonFlags };

  const valued = /^(-{0,2})([A-Za-z][\w-]*)=([\s\S]*)$/.exec(current);
  if (valued !== null) {
    const [, dashes = '', name = '', typed = ''] = valued;
    const flag = flags[name.replaceAll('-', '_')];
    if (flag === undefined) return [];
    const values = await valuesOf(name.replaceAll('-', '_'), flag, typed, commands, context);
    return values
      .filter((value) => value.startsWith(typed))
      .map((value) => ({ word: `${dashes}${name}=${value}` }));
  }
  const given = new Set(words.slice(1, -1).map((word) => word.replace(/^--/, '').replace(/=[\s\S]*$/, '')));
  const dashes = /^-*/.exec(current)?.[0] ?? '';
  return Object.entries(flags)
    .filter(([name, flag]) => flag.kind === 'list' || !given.has(name))
    .map(([name, flag]) => ({ word: `${dashes && '--'}${name}=`, summary: flag.summary }))
    .filter(({ word }) => word.startsWith(current));
}

function commandCandidates(current: string, commands: readonly CommandEntry[]): readonly Candidate[] {
  return commands
    .flatMap((entry) =>
      [entry.name, ...(entry.aliases ?? [])].map((word) => ({ word, summary: entry.summary })),
    )
    .filter(({ word }) => word.startsWith(current));
}

async function valuesOf(
  name: string,
  flag: Flag,
  typed: string,
  commands: readonly CommandEntry[],
  context: Context,
): Promise<readonly string[]> {
  if (flag.kind === 'boolean') return ['true'];
  if (flag.choices !== undefined) return flag.choices;
  if (flag.isNew === true) return [];
  const source = name === 'target' ? async () => commands.map((entry) => entry.name) : nameSources[name];
  if (source === undefined) return [];
  try {
    return (await source(context, typed)).slice(0, limit);
  } catch {
    // Half a configuration, no cluster: then there is nothing to offer, and a message would spoil the line.
    return [];
  }
}
