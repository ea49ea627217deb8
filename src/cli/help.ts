import type { Command, Flag } from './command.ts';
import { type CommandEntry, groups } from './command-entry.ts';
import { commonFlags } from './parse-arguments.ts';
import { commands } from './registry.ts';

/** All commands, grouped, a line each. */
export function formatOverview(): string {
  const width = Math.max(...commands.map((entry) => title(entry).length));
  const used = groups.filter((group) => commands.some((entry) => entry.group === group));
  const sections = used.map((group) => {
    const lines = commands
      .filter((entry) => entry.group === group)
      .map((entry) => `  ${title(entry).padEnd(width)}  ${entry.summary}`);
    return `${group}\n${lines.join('\n')}\n`;
  });
  return `usage: ktb COMMAND [name=value ...]      or: make COMMAND [name=value ...]\n\n${sections.join('\n')}\nktb COMMAND --help tells more of one command.\n`;
}

/** One command: its summary, flags and an example. */
export function formatCommandHelp(entry: CommandEntry, command: Command): string {
  const flags = Object.entries({ ...command.flags, ...commonFlags });
  const names = flags.map(([name, flag]) => flagTitle(name, flag));
  const width = Math.max(...names.map((name) => name.length));
  const lines = flags.map(([, flag], index) => `  ${(names[index] ?? '').padEnd(width)}  ${flag.summary}`);
  const also = entry.aliases === undefined ? '' : ` (also ${entry.aliases.join(', ')})`;
  return `ktb ${entry.name}: ${entry.summary}${also}\n\n${lines.join('\n')}\n\nexample: ${command.example}\n`;
}

function title(entry: CommandEntry): string {
  return [entry.name, ...(entry.aliases ?? [])].join(', ');
}

function flagTitle(name: string, flag: Flag): string {
  const value =
    flag.kind === 'boolean'
      ? 'true'
      : (flag.choices?.join('|') ?? flag.value ?? (flag.kind === 'count' ? 'N' : 'VALUE'));
  return `${name}=${value}${flag.required === true ? ' (needed)' : ''}`;
}
