import { readFileSync } from 'node:fs';
import { groups } from '../../src/cli/command-entry.ts';
import { commands } from '../../src/cli/registry.ts';
import type { Generator } from './generated-file.ts';

const begin = '# The commands, made by `npm run generate` from src/cli/registry.ts.\n';
const end = '# End of the commands.\n';

/** The part of the Makefile that has a target for each command. */
export const generateMakeTargets: Generator = async () => {
  const makefile = readFileSync('Makefile', 'utf8');
  const [before, rest] = split(makefile, begin);
  const [, after] = split(rest, end);
  const sections = groups.map((group) => {
    const entries = commands.filter((entry) => entry.group === group);
    const names = entries.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]);
    const rules = entries.map((entry) => {
      const targets = [entry.name, ...(entry.aliases ?? [])].join(' ');
      return `${targets}: $(toolbox_ready) ## ${entry.summary}\n\t$(toolbox_run)\n`;
    });
    return entries.length === 0 ? '' : `\n##@ ${group}\n.PHONY: ${names.join(' ')}\n${rules.join('')}`;
  });
  const text = `${before}${begin}${sections.join('')}${end}${after}`;
  return [{ path: 'Makefile', text, committed: true }];
};

function split(text: string, mark: string): readonly [before: string, after: string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`the Makefile has no line "${mark.trim()}"`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
