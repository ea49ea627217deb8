import { ExitCode } from '../exit-code.ts';
import { type Command, defineCommand } from './command.ts';
import type { CommandEntry } from './command-entry.ts';

/** The command that completes all commands; it is one of them, and so is given the list. */
export function completionOf(commands: readonly CommandEntry[]): Command {
  return defineCommand({
    name: 'completion',
    flags: {
      shell: {
        kind: 'choice',
        choices: ['bash', 'zsh', 'fish'],
        summary: 'which shell; left out, the one in the variable SHELL',
      },
      complete: {
        kind: 'string',
        value: 'WORDS',
        summary: 'what the printed script asks: the words so far, one a line',
      },
    },
    example: 'source <(make -s completion shell=bash)',
    async run(options, context) {
      if (options.complete !== undefined) {
        const { listCandidates } = await import('./completion/candidates.ts');
        for (const { word, summary } of await listCandidates(
          options.complete.split('\n'),
          commands,
          context,
        )) {
          context.stdout.write(summary === undefined ? `${word}\n` : `${word}\t${summary}\n`);
        }
        return ExitCode.ok;
      }
      const { readScript } = await import('./completion/script.ts');
      context.stdout.write(await readScript(options.shell, context));
      return ExitCode.ok;
    },
  });
}
