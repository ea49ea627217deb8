import { execa } from 'execa';
import type { Context } from '../context.ts';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { legalText } from '../matrix/legal-name.ts';
import { quoteForShell } from '../matrix/shell-quote.ts';
import { type Command, defineCommand, type Flags } from './command.ts';
import type { CommandEntry } from './command-entry.ts';
import { parseArguments } from './parse-arguments.ts';
import { openProject } from './project.ts';

/** Runs any of the others, and so is given the list. */
export function tmuxOf(commands: readonly CommandEntry[]): Command {
  return defineCommand({
    name: 'tmux',
    flags: {
      target: {
        kind: 'string',
        value: "'TARGET [name=value ...]'",
        required: true,
        summary: "the make target to run, with its values: target='local jobs=4'",
      },
    },
    example: "make tmux target='local resume=true'",
    async run({ target }, context) {
      const { project } = await openProject(context);
      const [first = ''] = target.trim().split(/\s+/);
      await refuseUnknown(target, commands, context);
      const session = legalText(`${project.project_name}-${first}`);
      // The window stays when the target has ended, so that its last lines can be read.
      const line = `make ${target}; code=$?; printf '\\n[make ${first} ended with exit code %s]\\n' "$code"; exec "\${SHELL:-bash}"`;
      const { failed, code, stderr } = await execa(
        'tmux',
        ['new-session', '-d', '-s', session, '-c', context.cwd, `bash -c ${quoteForShell(line)}`],
        { cwd: context.cwd, env: context.env, extendEnv: false, reject: false, cancelSignal: context.signal },
      );
      if (code === 'ENOENT') {
        throw refuse('there is no tmux on PATH', 'install it, for example: apt-get install tmux');
      }
      if (failed && stderr.includes('duplicate session')) {
        throw refuse(`the tmux session "${session}" is there already`, `type: tmux attach -t ${session}`);
      }
      if (failed) throw refuse(`tmux failed: ${stderr.trim()}`, undefined);
      context.stdout.write(`${session}\n`);
      context.stderr.write(`make ${target} runs in tmux; to see it: tmux attach -t ${session}\n`);
      return ExitCode.ok;
    },
  });
}

/** What make would say in a window that nobody looks at. Only the target's name is asked for: nothing is run. */
async function refuseUnknown(
  line: string,
  commands: readonly CommandEntry[],
  context: Context,
): Promise<void> {
  const words = wordsOf(line);
  const target = words.find((word) => /^[^-=][^=]*$/.test(word));
  if (target === undefined || words.includes('-C') || words.includes('-f')) return;
  const { cwd, signal } = context;
  const { MAKEFLAGS: _flags, MAKELEVEL: _level, MFLAGS: _old, ...env } = context.env;
  const { stdout, stderr } = await execa('make', ['-n', '--', target], {
    cwd,
    env: { ...env, LC_ALL: 'C' },
    extendEnv: false,
    reject: false,
    cancelSignal: signal,
  });
  if (/No rule to make target|No targets/.test(stderr))
    throw refuse(`make knows no target "${target}"`, '`make` lists the targets', ExitCode.usage);
  const entry = commands.find(({ name, aliases }) => name === target || aliases?.includes(target) === true);
  // A target of the project's own may have the name of one of ours.
  // What only a shell can tell the value of is left to it.
  if (entry !== undefined && stdout.includes(`dist/bin.js' ${target}`) && !/[$`\\;&|<>]/.test(line))
    refuseValues(words, (await entry.load()).flags);
}

/** What the command itself would say of its values. */
function refuseValues(words: readonly string[], flags: Flags): void {
  // As the Makefile does: names in capitals are variables of the environment.
  const given = words.filter((word) => /^(?=[^=]*[a-z])\w[\w-]*=/.test(word));
  const { options, diagnostics } = parseArguments(given, flags);
  if (diagnostics.length > 0 && options['help'] !== true)
    throw new DiagnosticError(diagnostics, ExitCode.usage);
}

/** The words of a line as a shell parts them, without their quotes. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

function refuse(
  message: string,
  hint: string | undefined,
  exitCode: 1 | 2 = ExitCode.failed,
): DiagnosticError {
  return new DiagnosticError(errorDiagnostic('LOCAL_TMUX', message, { hint }), exitCode);
}
