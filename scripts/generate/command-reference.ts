import { groups } from '../../src/cli/command-entry.ts';
import { formatCommandHelp } from '../../src/cli/help.ts';
import { commands } from '../../src/cli/registry.ts';
import type { Generator } from './generated-file.ts';

/** docs/commands.md: what `--help` prints of every command, in one page. */
export const generateCommandReference: Generator = async () => {
  const parts = [
    '# Commands',
    '',
    'Made by `npm run generate` from the flag tables of the commands. `make NAME flag=value` and',
    '`ktb NAME --flag=value` are the same; [make.md](make.md) has the details.',
  ];
  for (const group of groups.filter((each) => commands.some((entry) => entry.group === each))) {
    parts.push('', `## ${group}`);
    for (const entry of commands.filter((each) => each.group === group)) {
      const help = formatCommandHelp(entry, await entry.load());
      parts.push('', `### ${entry.name}`, '', '```text', help.trimEnd(), '```');
    }
  }
  return [{ path: 'docs/commands.md', text: `${parts.join('\n')}\n`, committed: true }];
};
